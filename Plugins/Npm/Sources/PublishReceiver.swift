internal import Foundation
internal import SaveDigest
internal import SavePlatform

/// Reads a publish: one version of a package with its tarball (npm registry API, `PUT /{package}`).
///
/// Messages begin with the member that is wrong: npm shows them as they are.
struct PublishReceiver {
    private let upload: UploadRequest
    private let staging: any UploadStaging

    init(_ upload: UploadRequest, staging: any UploadStaging) {
        self.upload = upload
        self.staging = staging
    }

    /// - Throws: `invalidRequest` naming the member, `tooLarge`, `digestMismatch` never: what does not match is malformed.
    func receive() async throws -> Submission {
        let scanner = PublishScanner(upload.body)
        guard let filename = try await scanner.nextAttachment() else {
            throw SaveError.invalid("_attachments", "_attachments: the publish has no file")
        }
        let file = try await staging.stage(scanner.content, computing: [.sha512, .sha1])
        guard try await scanner.nextAttachment() == nil else {
            throw SaveError.invalid("_attachments", "_attachments: a publish has one file")
        }
        let document: JSONObject
        do {
            guard let object = try JSONValue(parsing: await scanner.document).object else {
                throw SaveError(.invalidRequest, "the body must be a JSON object")
            }
            document = object
        } catch let error as JSONError {
            throw SaveError(.invalidRequest, "the body is not JSON: \(error)")
        }
        return try submission(document, file, filename)
    }

    private func submission(_ document: JSONObject, _ file: StagedFile, _ filename: String) throws -> Submission {
        let name = try name(document)
        let (version, manifest) = try version(document)
        try checkAttachment(document, filename, name, version, file)
        guard ASCII.isEqual(manifest["name"]?.string ?? "", name.text) else {
            throw SaveError.invalid("versions", "versions: the manifest is not of \(name.text)")
        }
        guard ASCII.isEqual(manifest["version"]?.string ?? "", version.description) else {
            throw SaveError.invalid("versions", "versions: the manifest is not of version \(version)")
        }
        try checkDigests(manifest["dist"]?.object ?? JSONObject(), file)
        var record = AssetRecord(
            path: try name.tarball(version), package: name.package, version: version.description, size: file.size,
            checksums: file.checksums, contentType: "application/octet-stream")
        record.attributes = VersionRecord(manifest: manifest, tags: try tags(document, version)).attributes
        return Submission(
            items: [Submission.Item(record: record, staged: file)],
            package: PackageSummary(id: name.package, displayName: name.text))
    }

    /// The name in the body, which is the one in the URL.
    private func name(_ document: JSONObject) throws -> PackageName {
        guard let text = document["name"]?.string, let name = PackageName(text), name.isNewStyle else {
            throw SaveError.invalid("name", "name: the package has no name that a new package can have")
        }
        guard let path = upload.plan.path, ASCII.isEqual(path.text, name.text) else {
            throw SaveError.invalid("name", "name: the body is about another package than the URL")
        }
        return name
    }

    private func version(_ document: JSONObject) throws -> (SemanticVersion, JSONObject) {
        guard let versions = document["versions"]?.object?.members, versions.count == 1, let member = versions.first else {
            throw SaveError.invalid("versions", "versions: a publish has one version")
        }
        guard let version = SemanticVersion(member.key) else {
            throw SaveError.invalid("versions", "versions: this is no semantic version")
        }
        guard let manifest = member.value.object else {
            throw SaveError.invalid("versions", "versions: the manifest must be an object")
        }
        return (version, manifest)
    }

    private func checkAttachment(
        _ document: JSONObject, _ filename: String, _ name: PackageName, _ version: SemanticVersion, _ file: StagedFile
    ) throws {
        guard let attachments = document["_attachments"]?.object?.members, attachments.count == 1,
            let attachment = attachments.first?.value.object, attachment["data"] == ""
        else { throw SaveError.invalid("_attachments", "_attachments: a publish has one file") }
        // With or without the scope: clients differ.
        let expected = "\(name.base)-\(version).tgz"
        let scoped = "\(name.text)-\(version).tgz"
        guard ASCII.isEqual(filename, expected) || ASCII.isEqual(filename, scoped) else {
            throw SaveError.invalid("_attachments", "_attachments: the file must be called \(scoped)")
        }
        if let length = attachment["length"]?.integer, length != file.size {
            throw SaveError.invalid("_attachments", "_attachments: the file has not the length that is announced")
        }
        guard file.size > 0 else { throw SaveError.invalid("_attachments", "_attachments: the file is empty") }
    }

    private func checkDigests(_ dist: JSONObject, _ file: StagedFile) throws {
        if let shasum = dist["shasum"]?.string {
            guard let sha1 = Checksum(.sha1, hex: shasum), file.checksums.contains(sha1) else {
                throw SaveError.invalid("dist.shasum", "dist.shasum: the file has another SHA-1")
            }
        }
        guard let integrity = dist["integrity"]?.string else { return }
        let claims = Integrity.checksums(integrity).filter { claim in file.checksums.contains { $0.algorithm == claim.algorithm }
        }
        guard !claims.isEmpty, claims.allSatisfy(file.checksums.contains) else {
            throw SaveError.invalid("dist.integrity", "dist.integrity: the file has another digest")
        }
    }

    private func tags(_ document: JSONObject, _ version: SemanticVersion) throws -> [String] {
        try (document["dist-tags"]?.object?.members ?? []).map { member in
            // A tag that is a version range could never be asked for.
            guard Self.isTag(member.key), member.value.string == version.description else {
                throw SaveError.invalid("dist-tags", "dist-tags: a publish tags its own version")
            }
            return member.key
        }
    }

    static func isTag(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, ASCII.isLetter(first) else { return false }
        guard text.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || "-._".utf8.contains($0) }) else { return false }
        // `v1.2` and `x` are ranges.
        let isRange = first == UInt8(ascii: "v") && text.utf8.dropFirst().first.map(ASCII.isDigit) ?? false
        return !isRange && text != "x" && text != "X"
    }
}
