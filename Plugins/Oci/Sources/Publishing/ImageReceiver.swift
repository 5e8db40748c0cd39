internal import SaveDigest
internal import SavePlatform

/// A change of an image: a blob or a manifest comes, or one of them or a tag goes.
struct ImageReceiver {
    let upload: UploadRequest
    let staging: any UploadStaging
    let rules: TagRules

    /// - Throws: `invalidRequest`, `digestMismatch`, `tooLarge`, each with the code of the protocol.
    func receive() async throws -> Submission {
        guard let image = upload.plan.package.flatMap({ ImageName($0.name) }) else { throw SaveError.unsupported("such uploads") }
        switch Purpose(upload.plan.purpose) {
        case .blob: return try await blob(of: image)
        case .manifest(let tag): return try await manifest(of: image, tag: tag)
        case .removal(let path):
            return removal(of: image) { try ImageChange(listing: $0, rules: rules, package: image.package).remove(path) }
        case .untagging(let tag):
            return removal(of: image) { try ImageChange(listing: $0, rules: rules, package: image.package).untag(tag) }
        case nil: throw SaveError.unsupported("such uploads")
        }
    }

    // MARK: Blobs

    private func blob(of image: ImageName) async throws -> Submission {
        guard let path = upload.plan.path, let digest = ImagePlace.parts(of: path)?.digest else {
            throw SaveError(
                .invalidRequest, "digest: missing in the query: \(ContentDigest.malformed)",
                details: ["field": "digest", "code": "DIGEST_INVALID"])
        }
        let staged = try await staging.stage(upload.body, computing: [digest.algorithm])
        try check(staged, is: digest)
        let record = record(at: path, of: image, staged, digest, type: MediaType.bytes.value)
        return submission(record, staged, of: image, digest)
    }

    // MARK: Manifests

    private func manifest(of image: ImageName, tag: ImageTag?) async throws -> Submission {
        let bytes: [UInt8]
        do {
            bytes = try await upload.body.collect(limit: Manifest.maxBytes)
        } catch let error as SaveError where error.code == .tooLarge {
            throw SaveError(
                .tooLarge, "manifest: has more than \(Manifest.maxBytes) bytes, which is more than clients have to read",
                details: ["code": "MANIFEST_INVALID"])
        }
        let manifest = try Manifest(bytes, contentType: upload.contentType)
        let wanted = upload.plan.path.flatMap { ImagePlace.parts(of: $0)?.digest }
        let staged = try await staging.stage(ByteStream(bytes), computing: [wanted?.algorithm ?? .sha256])
        if let wanted { try check(staged, is: wanted) }
        guard let digest = wanted ?? ContentDigest(staged.checksums[.sha256]) else {
            throw SaveError(.internalFailure, "a staged file has no digest")
        }
        var record = record(at: try ImagePlace.manifest(digest, of: image), of: image, staged, digest, type: manifest.type)
        record.version = digest.text
        record.attributes = try manifest.attributes
        var submission = submission(record, staged, of: image, digest)
        // "If the registry processes the manifest's subject, it MUST set the response header OCI-Subject."
        if let subject = manifest.subject { submission.answer?.headers["OCI-Subject"] = subject.text }
        let (rules, required, type, path) = (rules, manifest.required, manifest.type, record.path)
        submission.change = { listing in
            let change = ImageChange(listing: listing, rules: rules, package: image.package)
            try change.check(required)
            try change.check(type: type, at: path)
            return try tag.map { try change.tag(digest, as: $0) } ?? PackageChange()
        }
        return submission
    }

    // MARK: Parts

    private func check(_ staged: StagedFile, is digest: ContentDigest) throws {
        guard let found = staged.checksums[digest.algorithm], ASCII.isEqual(found.hex, digest.checksum.hex) else {
            throw SaveError(
                .digestMismatch,
                "digest: what arrived has \(staged.checksums[digest.algorithm].flatMap(ContentDigest.init)?.text ?? "another one")",
                details: ["code": "DIGEST_INVALID"])
        }
    }

    private func record(
        at path: AssetPath, of image: ImageName, _ staged: StagedFile, _ digest: ContentDigest, type: String
    ) -> AssetRecord {
        // The digest that it is asked for by comes first: answers name it.
        let checksums = [digest.checksum] + staged.checksums.filter { $0.algorithm != digest.algorithm }
        return AssetRecord(path: path, package: image.package, size: staged.size, checksums: checksums, contentType: type)
    }

    private func submission(_ record: AssetRecord, _ staged: StagedFile, of image: ImageName, _ digest: ContentDigest)
        -> Submission
    {
        var submission = Submission(
            items: [Submission.Item(record: record, staged: staged)],
            package: PackageSummary(id: image.package, displayName: image.text))
        submission.answer = Document(type: .text, bytes: [], headers: ["Docker-Content-Digest": digest.text])
        return submission
    }

    private func removal(of image: ImageName, _ change: @escaping @Sendable (Listing) throws -> PackageChange) -> Submission {
        var submission = Submission(
            items: [], package: PackageSummary(id: image.package, displayName: image.text), change: change)
        submission.answer = Document(type: .text, bytes: [])
        return submission
    }
}
