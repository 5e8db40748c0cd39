internal import SaveDigest
internal import SavePlatform

/// Reads one upload of the legacy API: a form with a file in it, in any order of fields.
///
/// What a client says about the file and what the file says about itself must agree; where only one of them is stored, it
/// is what the file says. Messages start with the name of the field: clients show them as they are.
struct UploadReceiver {
    private let upload: UploadRequest
    private let staging: any UploadStaging
    private var form = UploadForm()
    private var content: (file: StagedFile, filename: String)?

    /// A detached signature's size, in bytes. It is read and dropped: nobody asks for it any more.
    private static let longestSignature = 1 << 20

    init(_ upload: UploadRequest, staging: any UploadStaging) {
        self.upload = upload
        self.staging = staging
    }

    consuming func receive() async throws -> Submission {
        var reader = self
        try await reader.readParts()
        return try await reader.submission()
    }

    private mutating func readParts() async throws {
        let reader = try MultipartReader(contentType: upload.contentType, body: upload.body)
        while let part = try await reader.next() {
            switch (part.name, part.filename) {
            case ("content", let filename): try await readContent(part, filename)
            case ("gpg_signature", _): _ = try await part.body.collect(limit: Self.longestSignature)
            case (let name, .some): throw SaveError.invalid(name, "\(name): the field must not be a file")
            default:
                try await form.add(part)
                // As early as it is known: what is not an upload need not be read.
                if part.name == ":action" { try checkAction() }
            }
        }
    }

    private mutating func readContent(_ part: MultipartPart, _ filename: String?) async throws {
        guard content == nil else { throw SaveError.invalid("content", "content: the form has two files") }
        guard let filename else { throw SaveError.invalid("content", "content: the file has no name") }
        try UploadChecks.filename(filename)
        content = (try await staging.stage(part.body, computing: [.sha256, .md5, .blake2b256]), filename)
    }

    private func checkAction() throws {
        guard try form.value(":action") == "file_upload" else {
            throw SaveError.invalid(":action", ":action: only file_upload is supported")
        }
    }

    private func submission() async throws -> Submission {
        try checkAction()
        let claims = try UploadClaims(form)
        guard let (file, filename) = content else { throw SaveError.invalid("content", "content: the upload has no file") }
        guard file.size > 0 else { throw SaveError.invalid("content", "content: the file is empty") }
        let distribution = try UploadChecks.distribution(filename, claims)
        try UploadChecks.digests(form, file)
        let (bytes, path) = try await file.inspect { opened in
            try DistributionReader.metadata(in: opened, filename: filename, distribution)
        }
        let metadata = try CoreMetadataFile(bytes, path: path)
        try UploadChecks.agreement(metadata, path: path, claims)
        return try await records(file, filename, distribution, metadata, bytes)
    }

    private func records(
        _ file: StagedFile, _ filename: String, _ distribution: DistributionFilename, _ metadata: CoreMetadataFile,
        _ bytes: [UInt8]
    ) async throws -> Submission {
        let path = try PyPIPaths.file(filename, of: distribution.package)
        var record = AssetRecord(
            path: path, package: distribution.package, version: distribution.version, size: file.size, checksums: file.checksums,
            identity: distribution.identity, contentType: MediaType.bytes.value)
        record.attributes[PyPIAttribute.requiresPython] = metadata.requiresPython.map(JSONValue.string)
        var items: [Submission.Item] = []
        if distribution.kind == .wheel {
            let staged = try await staging.stage(ByteStream(bytes), computing: [.sha256])
            record.attributes[PyPIAttribute.coreMetadata] = ["sha256": .string(staged.digest.hex)]
            let sidecar = AssetRecord(
                path: try PyPIPaths.sidecar(of: path), package: distribution.package, version: distribution.version,
                size: staged.size, checksums: staged.checksums, sidecarOf: path, contentType: MediaType.text.value)
            items.append(Submission.Item(record: sidecar, staged: staged))
        }
        items.insert(Submission.Item(record: record, staged: file), at: 0)
        return Submission(items: items, package: PackageSummary(id: distribution.package, displayName: metadata.name))
    }
}
