internal import SavePlatform

/// The fields of a `METADATA` or `PKG-INFO` file (core metadata specification) that an index needs.
struct CoreMetadataFile {
    /// As the publisher writes it.
    let name: String
    let package: PackageID
    let version: Version
    let requiresPython: String?

    /// Larger metadata is refused, in bytes.
    static let largest = 4 << 20

    /// - Parameter path: where the file is in its archive, for messages.
    /// - Throws: `invalidRequest` naming the field.
    init(_ bytes: [UInt8], path: String) throws {
        let headers = MetadataHeaders(bytes)
        func single(_ name: String) throws -> String? {
            // Clients differ in which of two they take.
            guard headers.count(name) <= 1 else {
                throw SaveError.invalid("content", "content: \(path) has the field '\(name)' twice")
            }
            return headers.values(name).first.map(MetadataHeaders.unfolded)
        }
        guard let name = try single("name"), let package = ProjectName.normalized(name) else {
            throw SaveError.invalid("content", "content: \(path) has no valid Name")
        }
        guard let version = try single("version").flatMap({ Version($0) }) else {
            throw SaveError.invalid("content", "content: \(path) has no valid Version")
        }
        self.name = name
        self.package = package
        self.version = version
        requiresPython = try single("requires-python")
        if let requiresPython, !VersionSpecifiers.areValid(requiresPython) {
            throw SaveError.invalid("content", "content: \(path) has an invalid Requires-Python")
        }
        if let requirement = headers.values("requires-dist").map(MetadataHeaders.unfolded).first(where: {
            !RequirementSyntax.isPlausible($0)
        }) {
            let shown = String(decoding: requirement.utf8.prefix(200), as: UTF8.self)
            throw SaveError.invalid("content", "content: \(path) has an invalid Requires-Dist: '\(shown)'")
        }
    }
}
