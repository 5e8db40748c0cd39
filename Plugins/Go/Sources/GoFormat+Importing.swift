internal import SaveArchive
public import SavePlatform

extension GoFormat: ContentNaming {
    /// The zips of a tree that the go command could read as a GOPROXY, such as `cache/download` of its own module cache: what is before the
    /// module's path does not count.
    public func upload(importing file: AssetPath) throws -> UploadPlan? {
        let segments = file.text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        guard segments.count > 2, segments[segments.count - 2] == "@v", file.text.utf8.suffix(4).elementsEqual(".zip".utf8) else {
            return nil
        }
        for start in segments.indices.dropLast(2) {
            guard let path = try? AssetPath(segments[start...].joined(separator: "/")), let found = ModuleFile(path) else {
                continue
            }
            return UploadPlan(path: path, package: found.module.package, status: 201)
        }
        throw SaveError.invalid("content", "content: the file lies in no folder <module>/@v, or its name is no whole version")
    }

    /// Every name within a module zip begins with the module and the version.
    public func name(of bytes: FileBytes, digest: BlobDigest) throws -> AssetPath? {
        // APPNOTE 4.3.7: every zip that has a file begins so.
        guard try bytes.read(at: 0, count: 4) == [0x50, 0x4B, 3, 4] else { return nil }
        let source = ArchiveSource(size: bytes.size) { try bytes.read(at: $0, count: $1) }
        guard let name = try? ModuleZip.archive(source).entries.first?.name, let at = name.utf8.firstIndex(of: UInt8(ascii: "@")),
            let module = ModulePath(String(name[..<at])),
            let version = ModuleVersion(String(Substring(name.utf8[at...].dropFirst().prefix { $0 != UInt8(ascii: "/") }))),
            module.takes(version)
        else { return nil }
        return try ModuleFile(module, version, .zip).path(.zip)
    }
}
