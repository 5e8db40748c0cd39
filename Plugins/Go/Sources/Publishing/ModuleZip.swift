internal import SaveArchive
internal import SavePlatform

/// The zip file of a version, as the go command unpacks it (`golang.org/x/mod/zip`; Go Modules Reference, "Module zip files").
struct ModuleZip {
    /// Bytes: of the zip, and of all files in it together.
    static let maxBytes: Int64 = 500 << 20
    /// Bytes of go.mod, and of LICENSE.
    static let maxTextBytes: Int64 = 16 << 20

    let module: ModulePath
    let version: ModuleVersion

    /// Checks a zip, and gives its go.mod file, or for a module without one what the go command makes in its place. Blocks.
    ///
    /// - Throws: `invalidRequest` naming `content`.
    func goMod(in file: OpenFile) throws -> [UInt8] {
        guard file.size > 0 else { throw Self.refused("the file is empty") }
        do {
            let archive = try Self.archive(ArchiveSource(size: file.size) { try file.read(at: $0, count: $1) })
            try check(archive.entries)
            let prefix = prefix
            guard let entry = archive.entries.first(where: { ASCII.isEqual($0.name, prefix + "go.mod") }) else {
                return GoModFile.synthesized(module)
            }
            let bytes = try archive.contents(of: entry, limit: Int(Self.maxTextBytes))
            try check(goMod: bytes)
            return bytes
        } catch let error as ArchiveError {
            throw Self.refused(error.reason)
        }
    }

    static func archive(_ source: ArchiveSource, checking scrutiny: ZipArchive.Scrutiny = .everyEntry) throws -> ZipArchive {
        var limits = ArchiveLimits()
        limits.unpacked = maxBytes
        // The size unpacked is bounded by itself: source code packs well.
        limits.ratio = 1 << 20
        return try ZipArchive(source, limits: limits, checking: scrutiny)
    }

    static func refused(_ reason: String) -> SaveError { SaveError.invalid("content", "content: \(reason)") }

    /// What every name within begins with.
    private var prefix: String { "\(module.text)@\(version.text)/" }

    private func check(_ entries: [ZipArchive.Entry]) throws {
        var names = UnpackedNames()
        var isEmpty = true
        for entry in entries {
            guard entry.name.utf8.starts(with: prefix.utf8) else {
                throw Self.refused(
                    "'\(Self.shown(entry.name))' does not begin with \(prefix), as every name in the zip of this version must")
            }
            var name = entry.name.utf8.dropFirst(prefix.utf8.count)
            guard !name.isEmpty else { continue }
            guard !entry.isSymbolicLink else {
                throw Self.refused("'\(Self.shown(entry.name))' is a symbolic link, which no module may have")
            }
            let isDirectory = name.last == UInt8(ascii: "/")
            if isDirectory { name = name.dropLast() }
            let elements = name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            guard entry.hasPortableName, elements.allSatisfy(PathElement.isOfFile) else {
                throw Self.refused("'\(Self.shown(entry.name))' is no file name that every system takes: rename the file")
            }
            try names.add(elements.map { String(Substring($0)) }, isDirectory: isDirectory)
            guard !isDirectory else { continue }
            isEmpty = false
            try check(entry, elements.map { String(Substring($0)) })
        }
        guard !isEmpty else { throw Self.refused("the zip has no file of the module") }
    }

    private func check(_ entry: ZipArchive.Entry, _ elements: [String]) throws {
        let base = elements.last ?? ""
        if PathElement.folded(base) == "go.mod" {
            guard elements.count == 1 else {
                throw Self.refused(
                    "'\(Self.shown(entry.name))' makes its folder a module of its own: leave the folder out of this zip")
            }
            guard ASCII.isEqual(base, "go.mod") else { throw Self.refused("'\(base)' must be named go.mod, in small letters") }
        }
        let isText = elements.count == 1 && (base == "go.mod" || base == "LICENSE")
        guard !isText || entry.size <= Self.maxTextBytes else {
            throw Self.refused("\(base) is larger than \(Self.maxTextBytes) bytes")
        }
    }

    private func check(goMod bytes: [UInt8]) throws {
        guard !version.isIncompatible else {
            throw Self.refused(
                "the module has a go.mod file, so its path must end in /\(version.major): versions with +incompatible have none")
        }
        guard let path = GoModFile.modulePath(bytes) else {
            throw Self.refused("go.mod does not say which module it is: it needs one line `module \(module.text)`")
        }
        guard ASCII.isEqual(path, module.text) else {
            throw Self.refused("go.mod is of the module '\(Self.shown(path))' and not of \(module.text)")
        }
    }

    /// One line, not too long.
    fileprivate static func shown(_ name: String) -> String {
        String(decoding: name.utf8.prefix(200).map { $0 >= 0x20 && $0 != 0x7F ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}

/// The names of an archive on a file system without capitals: no two may be one there, and none may be a file and a folder.
private struct UnpackedNames {
    /// Elements of a name: each folder on the way to a file is kept.
    private static let maxElements = 64
    /// Bytes of all names that are kept. A module of 50,000 files takes a third.
    private static let maxBytes = 32 << 20

    private var seen: [String: (name: String, isDirectory: Bool)] = [:]
    private var bytes = 0

    mutating func add(_ elements: [String], isDirectory: Bool) throws {
        guard elements.count <= Self.maxElements else {
            throw ModuleZip.refused(
                "'\(ModuleZip.shown(elements.joined(separator: "/")))' has more than \(Self.maxElements) elements: move the file up, or leave it out"
            )
        }
        for count in 1...elements.count {
            let name = elements.prefix(count).joined(separator: "/")
            let isFolder = isDirectory || count < elements.count
            let key = PathElement.folded(name)
            guard let other = seen.updateValue((name, isFolder), forKey: key) else {
                bytes += name.utf8.count + key.utf8.count
                guard bytes <= Self.maxBytes else {
                    throw ModuleZip.refused(
                        "its names take more than \(Self.maxBytes) bytes: leave out files, or shorten their paths")
                }
                continue
            }
            guard ASCII.isEqual(other.name, name) else {
                throw ModuleZip.refused("'\(other.name)' and '\(name)' are one file where capitals do not count: rename one")
            }
            guard other.isDirectory == isFolder, isFolder else {
                throw ModuleZip.refused("'\(name)' is there twice, or is a file and a folder")
            }
        }
    }
}
