internal import SavePlatform

/// A file of a version, by the path that its URL has.
struct ModuleFile {
    enum Kind: String {
        case zip, mod, info
    }

    let module: ModulePath
    let version: ModuleVersion
    let kind: Kind

    /// nil for a path of something else, or of a version that is none of the module.
    init?(_ path: AssetPath) {
        let segments = path.text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        guard segments.count > 2, segments[segments.count - 2] == "@v", let module = ModulePath(escaped: segments.dropLast(2)),
            let (name, kind) = Self.parts(of: segments[segments.count - 1]), let version = ModuleVersion(escaped: name),
            module.takes(version)
        else { return nil }
        self.init(module, version, kind)
    }

    init(_ module: ModulePath, _ version: ModuleVersion, _ kind: Kind) {
        self.module = module
        self.version = version
        self.kind = kind
    }

    /// The escaped version in a file's name, and what the file is.
    static func parts(of name: String) -> (version: String, kind: Kind)? {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot > name.utf8.startIndex,
            let kind = Kind(rawValue: String(name[name.utf8.index(after: dot)...]))
        else { return nil }
        return (String(name[..<dot]), kind)
    }

    func path(_ kind: Kind) throws -> AssetPath {
        try AssetPath("\(module.escaped)/@v/\(version.escaped).\(kind.rawValue)")
    }

    /// The record of the file, without what its bytes would tell.
    func record() throws -> AssetRecord {
        let type: MediaType =
            switch kind {
            case .zip: "application/zip"
            case .mod: .text
            case .info: .json
            }
        return AssetRecord(
            path: try path(kind), package: module.package, version: version.text,
            sidecarOf: kind == .zip ? nil : try path(.zip), contentType: type.value)
    }

    func with(_ kind: Kind) -> ModuleFile { ModuleFile(module, version, kind) }
}
