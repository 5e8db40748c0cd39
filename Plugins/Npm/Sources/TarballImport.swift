internal import SaveDigest
internal import SavePlatform
internal import SaveVersions

/// Publishes a version from its file alone, which says in `package.json` what it is: for files from elsewhere, and for those whose
/// records are lost.
///
/// Tags are not in a file: `latest` is then the newest version, as long as nobody gives it to another.
struct TarballImport {
    let upload: UploadRequest
    let staging: any UploadStaging

    /// - Throws: `invalidRequest` for a file that is no package, `tooLarge`.
    func receive() async throws -> Submission {
        let file = try await staging.stage(upload.body, computing: [.sha512, .sha1])
        guard file.size > 0 else { throw SaveError.invalid("_attachments", "_attachments: the file is empty") }
        let (name, version, manifest) = try await file.inspect { try Tarball.described(FileBytes($0)) }
        var record = AssetRecord(
            path: try name.tarball(version), package: name.package, version: version.description, size: file.size,
            checksums: file.checksums, contentType: "application/octet-stream")
        record.attributes = VersionRecord(manifest: manifest).attributes
        return Submission(
            items: [Submission.Item(record: record, staged: file)],
            package: PackageSummary(id: name.package, displayName: name.text),
            change: PackageEdits.publish(version.description, of: name, as: [], nil))
    }
}
