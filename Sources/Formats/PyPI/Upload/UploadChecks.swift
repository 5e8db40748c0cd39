internal import SaveDigest
internal import SavePlatform

/// What the form says the file is.
struct UploadClaims {
    let name: String
    let package: PackageID
    let version: Version
    let kind: DistributionFilename.Kind?

    /// - Throws: `invalidRequest` naming the field.
    init(_ form: UploadForm) throws {
        if let version = try form.value("protocol_version"), version != "1" {
            throw SaveError.invalid("protocol_version", "protocol_version: only version 1 is known")
        }
        guard let name = try form.value("name") else { throw SaveError.invalid("name", "name: the field is required") }
        guard let package = ProjectName.normalized(name) else {
            throw SaveError.invalid(
                "name",
                "name: a name consists of ASCII letters, digits, '-', '_' and '.', and starts and ends with a letter or digit")
        }
        guard let text = try form.value("version") else { throw SaveError.invalid("version", "version: the field is required") }
        guard let version = Version(text) else { throw SaveError.invalid("version", "version: not a version by PEP 440") }
        let filetype = try form.value("filetype")
        kind = filetype.flatMap(DistributionFilename.Kind.init(rawValue:))
        guard filetype == nil || kind == .wheel || kind == .sdist else {
            throw SaveError.invalid("filetype", "filetype: only bdist_wheel and sdist are taken")
        }
        self.name = name
        self.package = package
        self.version = version
    }
}

/// The rules that a file and its form must keep.
enum UploadChecks {
    /// What the name of a file that is published ends in.
    static let endings = [".whl", ".tar.gz", ".zip"]

    /// Before the file is read: a name that no package could have.
    ///
    /// - Throws: `invalidRequest` naming `content`.
    static func filename(_ filename: String) throws {
        let bytes = filename.utf8
        guard bytes.count <= RequestPath.maxSegmentBytes - PyPIPaths.sidecarEnding.utf8.count else {
            throw SaveError.invalid("content", "content: the file name is too long")
        }
        guard !bytes.suffix(14).elementsEqual("-variants.json".utf8) else { throw variant }
        guard endings.contains(where: { bytes.suffix($0.utf8.count).elementsEqual($0.utf8) }) else {
            throw SaveError.invalid("content", "content: the file name must end in .whl, .tar.gz or .zip")
        }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }) else {
            throw SaveError.invalid("content", "content: the file name has a character that is not allowed")
        }
    }

    /// PEP 817 is a draft: what it says next year of a name, a label and the metadata in the file may be something else, and files do
    /// not change once they are published.
    static let variant = SaveError.invalid(
        "content",
        "content: wheel variants (PEP 817) are a draft and not taken yet, only passed on from an upstream: publish the wheel without a label"
    )

    /// - Throws: `invalidRequest` when the file's name is not one of the package and version that the form names.
    static func distribution(_ filename: String, _ claims: UploadClaims) throws -> DistributionFilename {
        guard let distribution = DistributionFilename(filename, of: claims.package) else {
            throw SaveError.invalid("content", "content: the file name is not that of a file of '\(claims.name)'")
        }
        guard distribution.kind != .variant else { throw variant }
        guard distribution.parsedVersion == claims.version else {
            throw SaveError.invalid("version", "version: the file name does not have this version")
        }
        guard claims.kind == nil || claims.kind == distribution.kind else {
            throw SaveError.invalid("filetype", "filetype: the file name is that of another type")
        }
        return distribution
    }

    /// Every digest that is there must be right; none needs to be there.
    ///
    /// - Throws: `invalidRequest` for one that is no digest, `digestMismatch` for a wrong one.
    static func digests(_ form: UploadForm, _ file: StagedFile) throws {
        let fields: [(String, DigestAlgorithm)] = [
            ("sha256_digest", .sha256), ("blake2_256_digest", .blake2b256), ("md5_digest", .md5),
        ]
        for (field, algorithm) in fields {
            guard let claimed = try form.value(field) else { continue }
            guard let checksum = Checksum(algorithm, hex: claimed) else {
                throw SaveError.invalid(field, "\(field): not a digest in hexadecimal digits")
            }
            guard file.checksums.contains(checksum) else {
                throw SaveError(.digestMismatch, "\(field): the file has another digest", details: ["field": field])
            }
        }
    }
}
