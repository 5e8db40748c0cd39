internal import Glibc
internal import SaveDigest
internal import SavePlatform
internal import SaveVersions

/// Reads a publish: one version of a package with its tarball (npm registry API, `PUT /{package}`).
///
/// Messages begin with the member that is wrong: npm shows them as they are.
struct PublishReceiver {
    let name: PackageName
    let upload: UploadRequest
    let staging: any UploadStaging

    /// A publish without a file says something of versions that are there, as `npm deprecate` does.
    ///
    /// - Throws: `invalidRequest` naming the member, `tooLarge`.
    func receive() async throws -> Submission {
        let scanner = PublishScanner(upload.body)
        let filename = try await scanner.nextAttachment()
        let file = filename == nil ? nil : try await staging.stage(scanner.content, computing: [.sha512, .sha1])
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
        // `npm star` sends who has given stars, and no name.
        if document["users"] != nil, document["versions"] == nil { throw ElsewhereCommands.stars }
        guard ASCII.isEqual(document["name"]?.string ?? "", name.text) else {
            throw SaveError.invalid("name", "name: the body is about another package than the URL")
        }
        if let filename, let file { return try await submission(document, file, filename) }
        guard document["_attachments"] == nil else {
            throw SaveError.invalid("_attachments", "_attachments: the publish has no file")
        }
        return Submission(
            items: [], package: PackageSummary(id: name.package, displayName: name.text),
            change: try PackageEdits.deprecations(document, of: name))
    }

    private func submission(_ document: JSONObject, _ file: StagedFile, _ filename: String) async throws -> Submission {
        guard name.isNewStyle else {
            throw SaveError.invalid("name", "name: a new package has neither capitals nor a tilde in its name")
        }
        guard !name.isReserved else { throw SaveError.invalid("name", "name: '\(name.text)' is no name for a package") }
        var (version, manifest) = try version(document)
        let bundle = try checkAttachments(document, filename, version, file)
        guard ASCII.isEqual(manifest["name"]?.string ?? "", name.text) else {
            throw SaveError.invalid("versions", "versions: the manifest is not of \(name.text)")
        }
        guard ASCII.isEqual(manifest["version"]?.string ?? "", version.description) else {
            throw SaveError.invalid("versions", "versions: the manifest is not of version \(version)")
        }
        try checkDigests(manifest["dist"]?.object ?? JSONObject(), file)
        let (name, number) = (name, version)
        try await file.inspect { try Tarball.check($0, of: name, number) }
        let provenance = try bundle.map { try Provenance($0, of: name, version, file) }
        // What the client says of attestations is about those of another registry.
        var dist = manifest["dist"]?.object ?? JSONObject()
        dist["attestations"] = provenance.map { Provenance.described($0.predicateType) }
        manifest["dist"] = .object(dist)
        var record = AssetRecord(
            path: try name.tarball(version), package: name.package, version: version.description, size: file.size,
            checksums: file.checksums, contentType: "application/octet-stream")
        record.attributes = VersionRecord(manifest: manifest).attributes
        let tags = try tags(document, version)
        var items = [Submission.Item(record: record, staged: file)]
        if let provenance { items.append(try await item(provenance, of: record, version)) }
        return Submission(
            items: items, package: PackageSummary(id: name.package, displayName: name.text),
            change: PackageEdits.publish(version.description, of: name, as: tags, provenance?.predicateType))
    }

    private func item(
        _ provenance: Provenance, of file: AssetRecord, _ version: SemanticVersion
    ) async throws -> Submission.Item {
        let staged = try await staging.stage(ByteStream(provenance.document.bytes), computing: [.sha256])
        let record = AssetRecord(
            path: try Provenance.path(of: name, version), package: name.package, version: version.description, size: staged.size,
            checksums: staged.checksums, sidecarOf: file.path, contentType: MediaType.json.value)
        return Submission.Item(record: record, staged: staged)
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

    /// - Returns: the bundle with the file's provenance, where there is one.
    private func checkAttachments(
        _ document: JSONObject, _ filename: String, _ version: SemanticVersion, _ file: StagedFile
    ) throws -> String? {
        let all = document["_attachments"]?.object?.members ?? []
        let bundles = all.filter { Provenance.isBundle($0.key.utf8) }
        let attachments = all.filter { !Provenance.isBundle($0.key.utf8) }
        guard attachments.count == 1, bundles.count <= 1, let attachment = attachments.first?.value.object,
            attachment["data"] == ""
        else { throw SaveError.invalid("_attachments", "_attachments: a publish has one file, and at most one provenance of it") }
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
        return try bundles.first.map { member in
            let names = ["\(name.base)-\(version).sigstore", "\(name.text)-\(version).sigstore"]
            guard names.contains(where: { ASCII.isEqual(member.key, $0) }), let text = member.value.object?["data"]?.string else {
                throw SaveError.invalid("_attachments", "_attachments: the provenance must be called \(names[1]) and have data")
            }
            return text
        }
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
            guard member.value.string == version.description else {
                throw SaveError.invalid("dist-tags", "dist-tags: a publish tags its own version")
            }
            return try Self.tag(member.key)
        }
    }

    /// A tag as it may be: a word that no version range can be.
    static func tag(_ text: String) throws -> String {
        guard isTag(text) else {
            throw SaveError.invalid("dist-tags", "dist-tags: a tag is a word of letters, digits and -._ that is no version range")
        }
        return text
    }

    private static func isTag(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, ASCII.isLetter(first) else { return false }
        guard text.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || "-._".utf8.contains($0) }) else { return false }
        // `v1.2` and `x` are ranges.
        let isRange = first == UInt8(ascii: "v") && text.utf8.dropFirst().first.map(ASCII.isDigit) ?? false
        return !isRange && text != "x" && text != "X"
    }
}
