internal import SaveDigest
internal import SavePlatform
internal import SaveVersions

/// Reads a publish: a description of the version, and its file (Cargo Book, "Registry Web API", "Publish").
///
/// Messages begin with the member that is wrong: Cargo shows them as they are.
struct PublishReceiver {
    let upload: UploadRequest
    let staging: any UploadStaging

    /// Bytes of the description, which has the whole text of the readme in it.
    private static let maxDescriptionBytes = 8 << 20

    /// - Throws: `invalidRequest` naming the member, `tooLarge`.
    func receive() async throws -> Submission {
        let parts = BodyParts(upload.body)
        let bytes = try await parts.next().collect(limit: Self.maxDescriptionBytes)
        let published: PublishedCrate
        do {
            guard let object = try JSONValue(parsing: bytes).object else {
                throw SaveError.invalid("body", "body: must begin with a JSON object")
            }
            published = try PublishedCrate(object)
        } catch let error as JSONError {
            throw SaveError.invalid("body", "body: the description is not JSON: \(error)")
        }
        let file = try await staging.stage(try await parts.next(), computing: [.sha256])
        guard file.size > 0 else { throw SaveError.invalid("crate", "crate: the file is empty") }
        guard try await parts.isAtEnd else { throw SaveError.invalid("body", "body: goes on after the crate") }
        let (name, version) = (published.name, published.version)
        try await file.inspect { try CrateArchive.check($0, of: name, version.description) }
        return try Self.submission(published, file)
    }

    /// A version with its file, as it is stored.
    static func submission(_ published: PublishedCrate, _ file: StagedFile) throws -> Submission {
        let (name, version) = (published.name, published.version)
        var record = AssetRecord(
            path: try name.file(version.description), package: name.package, version: version.description, size: file.size,
            checksums: file.checksums, identity: version.withoutBuild, contentType: MediaType.bytes.value)
        record.attributes = published.record.attributes
        var submission = Submission(
            items: [Submission.Item(record: record, staged: file)],
            package: PackageSummary(id: name.package, displayName: name.text), change: noteText)
        submission.warnings = published.warnings
        let other = JSONValue.array(published.warnings.map(JSONValue.string))
        let warnings: JSONValue = ["warnings": ["invalid_categories": [], "invalid_badges": [], "other": other]]
        submission.answer = Document(type: .json, bytes: warnings.bytes)
        return submission
    }

    /// The crate is found by the words of its newest version.
    private static let noteText: @Sendable (Listing) throws -> PackageChange = { listing in
        let text = CrateRecord.newest(of: listing.assets).map { CrateRecord($0).text } ?? ""
        var attributes = listing.attributes
        attributes[CrateRecord.textKey] = text.isEmpty ? nil : .string(text)
        return PackageChange(attributes: attributes == listing.attributes ? nil : attributes)
    }
}
