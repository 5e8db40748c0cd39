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
        let fields = try Self.fields(bytes, path: path)
        guard let name = fields["name"], let package = ProjectName.normalized(name) else {
            throw SaveError.invalid("content", "content: \(path) has no valid Name")
        }
        guard let version = fields["version"].flatMap({ Version($0) }) else {
            throw SaveError.invalid("content", "content: \(path) has no valid Version")
        }
        self.name = name
        self.package = package
        self.version = version
        requiresPython = fields["requires-python"]
        if let requiresPython, !VersionSpecifiers.areValid(requiresPython) {
            throw SaveError.invalid("content", "content: \(path) has an invalid Requires-Python")
        }
    }

    /// The wanted fields by their names in small letters. A field twice is refused: clients differ in which they take.
    private static func fields(_ bytes: [UInt8], path: String) throws -> [String: String] {
        let wanted: Set<String> = ["name", "version", "requires-python"]
        var fields: [String: String] = [:]
        var rest = bytes[...]
        // Headers end at the first empty line; the description follows.
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
            var line = rest[rest.startIndex..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            if line.last == 0x0D { line.removeLast() }
            if line.isEmpty { break }
            // A line that starts with white space goes on with the one before.
            guard line.first != 0x20, line.first != 0x09, let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let key = ASCII.lowercased(String(decoding: line[..<colon], as: UTF8.self))
            guard wanted.contains(key) else { continue }
            guard let text = String(validating: line[(colon + 1)...], as: UTF8.self) else {
                throw SaveError.invalid("content", "content: \(path) is not UTF-8")
            }
            let value = UploadForm.trimmed(text)
            guard fields.updateValue(value, forKey: key) == nil else {
                throw SaveError.invalid("content", "content: \(path) has the field '\(key)' twice")
            }
        }
        return fields.filter { !UploadForm.isAbsent($0.value) }
    }
}
