internal import SaveDigest
internal import SavePlatform

/// Reads an upload that is the file itself, put to its place: `packages/<file>` or `packages/<name>/<file>`.
///
/// For files that upload tools refuse, such as wheels with metadata newer than the tool.
enum FileReceiver {
    static func receive(_ upload: UploadRequest, at path: AssetPath, staging: any UploadStaging) async throws -> Submission {
        let filename = path.filename
        try UploadChecks.filename(filename)
        let segments = path.text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        let known = segments.count == 3 ? try distribution(filename, in: segments[1]) : nil
        let staged = try await staging.stage(upload.body, computing: [.sha256, .md5, .blake2b256])
        let intake = DistributionIntake(file: staged, filename: filename, staging: staging, takesLegacy: true)
        if let known { return try await intake.submission(of: known) }
        return try await intake.submission()
    }

    private static func distribution(_ filename: String, in folder: String) throws -> DistributionFilename {
        guard let package = ProjectName.normalized(folder), package.name == folder else {
            throw SaveError.invalid("name", "name: '\(folder)' in the path is not the normalized name of a project")
        }
        guard let distribution = DistributionFilename(filename, of: package) else { throw DistributionIntake.noDistribution }
        return distribution
    }
}
