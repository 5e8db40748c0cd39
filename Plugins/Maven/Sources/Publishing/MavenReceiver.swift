internal import SaveDigest
internal import SavePlatform
internal import SaveXML

/// What a client sends: a file, the digest of one that it sent before, or metadata, which the server makes itself.
struct MavenReceiver {
    let upload: UploadRequest
    let staging: any UploadStaging
    let versions: VersionPolicy

    /// Bytes of a text with a digest.
    private static let maxChecksumBytes = 4096

    /// - Throws: `invalidRequest` naming `content`, `tooLarge`.
    func receive() async throws -> Submission {
        switch upload.plan.purpose.flatMap(Purpose.init) {
        case .metadata: return try await metadata()
        case .removal: return removal()
        case .ignored:
            _ = try await upload.body.collect(limit: MavenMetadata.maxBytes)
            return Submission(items: [])
        case .checksum(let path, let algorithm): return try await checksum(of: path, algorithm)
        case nil:
            guard let path = upload.plan.path else { throw SaveError.unsupported("such uploads") }
            return try await file(path)
        }
    }

    private func file(_ path: AssetPath) async throws -> Submission {
        let file = MavenPath(path)
        try versions.check(path)
        let staged = try await staging.stage(upload.body, computing: ChecksumName.algorithms)
        let filename = path.filename
        let ending = filename.utf8.lastIndex(of: UInt8(ascii: ".")).map { String(Substring(filename.utf8[$0...].dropFirst())) }
        let record = AssetRecord(
            path: path, package: file?.package.id, version: file?.version, size: staged.size, checksums: staged.checksums,
            contentType: MavenContentType.of(file?.fileExtension ?? ending ?? ""))
        return Submission(
            items: [Submission.Item(record: record, staged: staged)],
            package: file.map { PackageSummary(id: $0.package.id, displayName: $0.package.id.name) })
    }

    private func checksum(of path: AssetPath, _ algorithm: DigestAlgorithm) async throws -> Submission {
        let text = try await upload.body.collect(limit: Self.maxChecksumBytes)
        // Some tools write the file's name behind the digest.
        let word = text.prefix { $0 > 0x20 }
        guard let checksum = Checksum(algorithm, hex: String(decoding: word, as: UTF8.self)) else {
            throw SaveError.invalid(
                "content",
                "content: must be the \(algorithm.rawValue) of '\(path.filename)' in \(algorithm.byteCount * 2) hexadecimal digits"
            )
        }
        var submission = Submission(items: [])
        submission.expected[path] = checksum
        return submission
    }

    /// Of metadata only plugins are taken: a group's are not to be seen in its files. Those that are there already stay.
    private func metadata() async throws -> Submission {
        let bytes = try await upload.body.collect(limit: MavenMetadata.maxBytes)
        guard let metadata = XMLElement(parsing: bytes), ASCII.isEqual(metadata.name, "metadata") else {
            throw SaveError.invalid("content", "content: must be a repository metadata file of Maven")
        }
        let plugins = Plugin.read(metadata)
        guard !plugins.isEmpty, let name = upload.plan.package?.name, let package = MavenName(name) else {
            return Submission(items: [])
        }
        // What there is to say of a plugin is in its record.
        let empty = try await staging.stage(ByteStream(Array("<metadata/>\n".utf8)), computing: ChecksumName.algorithms)
        var items: [AssetPath: Submission.Item] = [:]
        for plugin in plugins {
            var record = try plugin.record(of: package)
            record.size = empty.size
            record.checksums = empty.checksums
            items[record.path] = Submission.Item(record: record, staged: empty)
        }
        return Submission(
            items: items.sorted { $0.key < $1.key }.map(\.value),
            package: PackageSummary(id: package.id, displayName: package.id.name)
        ) { listing in
            guard Plugin.all(in: listing).count <= Plugin.maxCount else {
                throw SaveError(
                    .invalidRequest,
                    "content: a group has at most \(Plugin.maxCount) plugins here: delete the metadata of the group and deploy those that are left again",
                    details: ["field": "content"])
            }
            return PackageChange()
        }
    }

    /// The metadata of a group goes with all its plugins; that of an artifact is made of its files.
    private func removal() -> Submission {
        let package = upload.plan.package
        return Submission(items: [], package: package.map { PackageSummary(id: $0, displayName: $0.name) }) { listing in
            let plugins = listing.assets.filter { Plugin($0) != nil }.map(\.path)
            guard !plugins.isEmpty else {
                throw SaveError(
                    .assetNotFound,
                    "there are no plugins of this group: metadata of artifacts is made of their files, delete those")
            }
            return PackageChange(removed: plugins)
        }
    }
}
