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
    private static let maxSignatureBytes = 1 << 20

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
            case ("gpg_signature", _): _ = try await part.body.collect(limit: Self.maxSignatureBytes)
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
        let actions = [try form.value(":action"), upload.plan.purpose].compactMap(\.self)
        guard !actions.isEmpty, actions.allSatisfy({ $0.utf8.elementsEqual("file_upload".utf8) }) else {
            throw SaveError.invalid(":action", ":action: only file_upload is supported, in the form or in the query")
        }
    }

    private func submission() async throws -> Submission {
        try checkAction()
        let claims = try UploadClaims(form)
        guard let (file, filename) = content else { throw SaveError.invalid("content", "content: the upload has no file") }
        guard file.size > 0 else { throw SaveError.invalid("content", "content: the file is empty") }
        let distribution = try UploadChecks.distribution(filename, claims)
        try UploadChecks.digests(form, file)
        let attestations = try form.value("attestations").map { try Attestations($0, of: file, distribution) }
        return try await DistributionIntake(file: file, filename: filename, staging: staging)
            .submission(of: distribution, attestations: attestations)
    }
}
