internal import SaveDigest
internal import SavePlatform

/// A publish: the zip of a version, out of which its `.mod` is read.
struct ModuleReceiver {
    let upload: UploadRequest
    let staging: any UploadStaging

    /// - Throws: `invalidRequest` naming `content`, `tooLarge`.
    func receive() async throws -> Submission {
        guard let file = upload.plan.path.flatMap(ModuleFile.init), file.kind == .zip else {
            throw SaveError.unsupported("such uploads")
        }
        if let length = upload.body.length, length > ModuleZip.maxBytes { throw Self.tooLarge }
        let staged = try await staging.stage(upload.body, computing: [.sha256])
        guard staged.size <= ModuleZip.maxBytes else { throw Self.tooLarge }
        let zip = ModuleZip(module: file.module, version: file.version)
        let goMod = try await staged.inspect { try zip.goMod(in: $0) }
        let module = file.module
        return Submission(
            items: [
                try item(file, staged),
                try item(file.with(.mod), try await staging.stage(ByteStream(goMod), computing: [.sha256])),
            ], package: PackageSummary(id: module.package, displayName: module.text))
    }

    private func item(_ file: ModuleFile, _ staged: StagedFile) throws -> Submission.Item {
        var record = try file.record()
        record.size = staged.size
        record.checksums = staged.checksums
        return Submission.Item(record: record, staged: staged)
    }

    private static let tooLarge = SaveError(
        .tooLarge, "a module zip has at most \(ModuleZip.maxBytes) bytes: leave out what is no source code",
        details: ["field": "content"])
}
