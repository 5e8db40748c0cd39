internal import SaveDigest
public import SavePlatform
internal import SaveVersions

/// Publishes a version from its file alone, which says in `Cargo.toml` what it is: for crates from elsewhere, and for those whose records are lost.
struct CrateImport {
    static let purpose = "import"

    let upload: UploadRequest
    let staging: any UploadStaging

    /// - Throws: `invalidRequest` naming what is wrong, `tooLarge`.
    func receive() async throws -> Submission {
        let file = try await staging.stage(upload.body, computing: [.sha256])
        guard file.size > 0 else { throw SaveError.invalid("crate", "crate: the file is empty") }
        let published = try await file.inspect { try Self.published(by: FileBytes($0)) }
        return try PublishReceiver.submission(published, file)
    }

    /// What a crate would have been published as. Blocks.
    fileprivate static func published(by file: FileBytes) throws -> PublishedCrate {
        let (top, manifest) = try CrateArchive.described(file)
        let published = try PublishedCrate(CrateManifest(manifest).description)
        guard ASCII.isEqual(top, "\(published.name.text)-\(published.version)/") else {
            throw SaveError.invalid(
                "crate", "crate: its folder is \(top.prefix(100)), and its Cargo.toml is of another crate or version")
        }
        return published
    }
}

extension CargoFormat: ContentNaming {
    /// Whatever the files are called and wherever they lie: a crate says itself which version it is.
    public func upload(importing file: AssetPath) throws -> UploadPlan? {
        guard file.filename.utf8.suffix(6).elementsEqual(".crate".utf8) else { return nil }
        return UploadPlan(path: file, purpose: CrateImport.purpose, status: 201)
    }

    public func name(of bytes: FileBytes, digest: BlobDigest) throws -> AssetPath? {
        // RFC 1952, 2.3.1: what is not compressed with gzip is no crate.
        guard try bytes.read(at: 0, count: 2) == [0x1F, 0x8B], try CrateArchive.hasManifest(bytes) else { return nil }
        let published = try CrateImport.published(by: bytes)
        return try published.name.file(published.version.description)
    }
}
