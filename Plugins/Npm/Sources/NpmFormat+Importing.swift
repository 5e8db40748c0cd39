public import SavePlatform

extension NpmFormat: ContentNaming {
    /// Whatever the files are called and wherever they lie: a tarball says itself which version it is.
    public func upload(importing file: AssetPath) throws -> UploadPlan? {
        let name = file.filename.utf8
        guard name.suffix(4).elementsEqual(".tgz".utf8) || name.suffix(7).elementsEqual(".tar.gz".utf8) else { return nil }
        return UploadPlan(path: file, purpose: Purpose.importing.text, status: 201)
    }

    public func name(of bytes: FileBytes, digest: BlobDigest) throws -> AssetPath? {
        // RFC 1952, 2.3.1: what is not compressed with gzip is no tarball of npm's.
        guard try bytes.read(at: 0, count: 2) == [0x1F, 0x8B], try Tarball.hasManifest(bytes) else { return nil }
        let (name, version, _) = try Tarball.described(bytes)
        return try name.tarball(version)
    }
}
