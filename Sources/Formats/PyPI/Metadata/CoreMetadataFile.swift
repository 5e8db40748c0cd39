internal import SavePlatform

/// The fields of a `METADATA` or `PKG-INFO` file (core metadata specification) that an index needs.
struct CoreMetadataFile {
    /// As the publisher writes it.
    let name: String
    let package: PackageID
    let version: Version
    let requiresPython: String?
    /// Whether `requiresPython` is as it was written before PEP 440 was kept to, such as `>=3.6.*`: installers of today leave it
    /// out of account, or read it as it was meant.
    let hasLegacyRequiresPython: Bool
    /// Whether installing the file cannot change what it says of itself that a resolver asks for.
    ///
    /// Of a source archive the build backend has the last word, except on fields that `Metadata-Version` 2.2 and later do not
    /// list as `Dynamic` (PEP 643). PEP 658 wants metadata beside a file that are not modified by installing it; a resolver
    /// reads dependencies, extras and the Python version, and installers compare those with what they build.
    let isFinal: Bool

    /// Larger metadata is refused, in bytes.
    static let maxBytes = 4 << 20

    /// - Parameter path: where the file is in its archive, for messages.
    /// - Throws: `invalidRequest` naming the field.
    init(_ bytes: [UInt8], path: String) throws {
        try HeaderSyntax.check(bytes, path: path)
        let headers = MetadataHeaders(bytes)
        for field in Self.once where headers.count(field) > 1 {
            // Clients differ in which of two they take.
            throw SaveError.invalid("content", "content: \(path) has the field '\(field)' twice")
        }
        func single(_ name: String) -> String? { headers.values(name).first.map(MetadataHeaders.unfolded) }
        guard let name = single("name"), let package = ProjectName.normalized(name) else {
            throw SaveError.invalid("content", "content: \(path) has no valid Name")
        }
        guard let version = single("version").flatMap({ Version($0) }) else {
            throw SaveError.invalid("content", "content: \(path) has no valid Version")
        }
        self.name = name
        self.package = package
        self.version = version
        isFinal = Self.isFinal(headers)
        requiresPython = single("requires-python")
        hasLegacyRequiresPython = requiresPython.map { !VersionSpecifiers.areValid($0) } ?? false
        if let requiresPython, hasLegacyRequiresPython, !VersionSpecifiers.areLegacy(requiresPython) {
            throw SaveError.invalid("content", "content: \(path) has an invalid Requires-Python")
        }
        if let requirement = headers.values("requires-dist").map(MetadataHeaders.unfolded).first(where: {
            !RequirementSyntax.isPlausible($0)
        }) {
            let shown = String(decoding: requirement.utf8.prefix(200), as: UTF8.self)
            throw SaveError.invalid("content", "content: \(path) has an invalid Requires-Dist: '\(shown)'")
        }
    }

    /// Whether metadata have the name and the version of a file. Nothing else is checked: what an upstream has taken is not
    /// for a proxy to refuse.
    static func areAbout(_ file: DistributionFilename, _ bytes: [UInt8]) -> Bool {
        let headers = MetadataHeaders(bytes)
        let names = headers.values("name"), versions = headers.values("version")
        return names.count == 1 && names.allSatisfy { ProjectName.normalized($0) == file.package }
            && versions.count == 1 && versions.allSatisfy { Version($0) == file.parsedVersion }
    }

    /// Fields that have one value (core metadata specification), in small letters.
    private static let once = [
        "author", "author-email", "description", "description-content-type", "download-url", "home-page", "keywords", "license",
        "license-expression", "maintainer", "maintainer-email", "metadata-version", "name", "requires-python", "summary",
        "version",
    ]
    /// What resolvers read, in small letters.
    private static let resolved: Set<String> = ["name", "version", "requires-dist", "requires-python", "provides-extra"]

    private static func isFinal(_ headers: MetadataHeaders) -> Bool {
        let parts = headers.values("metadata-version").first?.utf8.split(separator: UInt8(ascii: ".")) ?? []
        let numbers = parts.compactMap { Int(Substring($0)) }
        guard numbers.count == 2, (numbers[0], numbers[1]) >= (2, 2) else { return false }
        return headers.values("dynamic").allSatisfy { !Self.resolved.contains(ASCII.lowercased($0)) }
    }
}
