internal import SaveDigest
internal import SavePlatform

/// Turns a staged file into records: reads the metadata in it and checks that it is what its name says.
///
/// What the file says about itself is what is stored; whatever else a client says about it has only to agree.
struct DistributionIntake {
    let file: StagedFile
    let filename: String
    let staging: any UploadStaging
    /// Whether a `Requires-Python` as it was written before PEP 440 was kept to is taken: of files that were released long ago, and
    /// not of those that a tool releases now.
    var takesLegacy = false

    /// The records of a file of a package that is known by other means, such as a form or a folder's name.
    ///
    /// - Throws: `invalidRequest` naming the field or the rule.
    func submission(of distribution: DistributionFilename, attestations: Attestations? = nil) async throws -> Submission {
        let (bytes, path) = try await metadata(distribution)
        let metadata = try CoreMetadataFile(bytes, path: path)
        return try await submission(of: distribution, metadata, bytes, path, attestations)
    }

    /// The records of a file that comes with nothing but its name: where the package's name ends is what its metadata say.
    ///
    /// - Throws: `invalidRequest` naming `content`.
    func submission() async throws -> Submission {
        guard let guess = DistributionFilename(filename) else { throw Self.noDistribution }
        let (bytes, path) = try await metadata(guess)
        let metadata = try CoreMetadataFile(bytes, path: path)
        guard let distribution = DistributionFilename(filename, of: metadata.package) else {
            throw SaveError.invalid("content", "content: \(path) in the file names another package than the file name")
        }
        return try await submission(of: distribution, metadata, bytes, path, nil)
    }

    static let noDistribution = SaveError.invalid("content", "content: the file name is not that of a wheel or source archive")

    private func metadata(_ distribution: DistributionFilename) async throws -> (bytes: [UInt8], path: String) {
        guard file.size > 0 else { throw SaveError.invalid("content", "content: the file is empty") }
        let filename = filename
        return try await file.inspect { try DistributionReader.metadata(in: $0, filename: filename, distribution) }
    }

    private func submission(
        of distribution: DistributionFilename, _ metadata: CoreMetadataFile, _ bytes: [UInt8], _ metadataPath: String,
        _ attestations: Attestations?
    ) async throws -> Submission {
        guard metadata.package == distribution.package else {
            throw SaveError.invalid("name", "name: \(metadataPath) in the file names another package")
        }
        guard metadata.version == distribution.parsedVersion else {
            throw SaveError.invalid("version", "version: \(metadataPath) in the file has another version")
        }
        if metadata.hasLegacyRequiresPython, !takesLegacy {
            throw SaveError.invalid(
                "content",
                "content: \(metadataPath) has an invalid Requires-Python, '\(metadata.requiresPython ?? "")': write it as PEP 440 says, or put an old file with PUT packages/"
            )
        }
        let path = try PyPIPaths.file(filename, of: distribution.package)
        var record = AssetRecord(
            path: path, package: distribution.package, version: distribution.version, size: file.size, checksums: file.checksums,
            identity: distribution.identity, contentType: MediaType.bytes.value)
        record.attributes[PyPIAttribute.requiresPython] = metadata.requiresPython.map(JSONValue.string)
        var sidecars: [Submission.Item] = []
        if distribution.kind == .wheel || metadata.isFinal {
            var sidecar = try await sidecar(try PyPIPaths.sidecar(of: path), of: record, bytes, MediaType.text)
            sidecar.announcement = [PyPIAttribute.coreMetadata: ["sha256": .string(sidecar.staged.digest.hex)]]
            sidecars.append(sidecar)
        } else {
            record.attributes[PyPIAttribute.license] = DeclaredLicense.expression(in: bytes).map(JSONValue.string)
        }
        if let attestations {
            let provenance = try PyPIPaths.provenance(of: filename, distribution)
            var sidecar = try await sidecar(provenance, of: record, attestations.provenance, PyPIPaths.provenanceType)
            sidecar.announcement = [PyPIAttribute.hasProvenance: .bool(attestations.areReadable)]
            sidecars.append(sidecar)
        }
        for member in sidecars.flatMap(\.announcement.members) { record.attributes[member.key] = member.value }
        var submission = Submission(
            items: [Submission.Item(record: record, staged: file, rivals: distribution.rivals)] + sidecars,
            package: PackageSummary(id: distribution.package, displayName: metadata.name))
        if metadata.hasLegacyRequiresPython {
            submission.warnings.append(
                "\(metadataPath) has the Requires-Python '\(metadata.requiresPython ?? "")', which PEP 440 does not know; installers ignore it, or guess"
            )
        }
        return submission
    }

    /// A small file that describes the distribution and goes with it.
    private func sidecar(
        _ path: AssetPath, of record: AssetRecord, _ bytes: [UInt8], _ type: MediaType
    ) async throws -> Submission.Item {
        let staged = try await staging.stage(ByteStream(bytes), computing: [.sha256])
        return Submission.Item(
            record: AssetRecord(
                path: path, package: record.package, version: record.version, size: staged.size, checksums: staged.checksums,
                sidecarOf: record.path, contentType: type.value),
            staged: staged)
    }
}
