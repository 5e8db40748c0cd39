internal import SavePlatform

/// The text fields of an upload, in the order in which they came. Unknown ones are kept: clients send more every year.
struct UploadForm {
    /// One field's size, in bytes; descriptions are the long ones.
    static let maxFieldBytes = 1 << 20
    /// All fields together, in bytes.
    static let maxFormBytes = 16 << 20

    private var fields: [String: [String]] = [:]
    private var size = 0

    /// Reads a part that is not a file.
    ///
    /// - Throws: `tooLarge`, `invalidRequest` naming the field.
    mutating func add(_ part: MultipartPart) async throws {
        let text = try await part.text(limit: min(Self.maxFieldBytes, Self.maxFormBytes - size))
        size += text.utf8.count + part.name.utf8.count
        guard size <= Self.maxFormBytes else {
            throw SaveError(
                .tooLarge, "the form is larger than \(Self.maxFormBytes) bytes: shorten its fields, such as the description")
        }
        fields[part.name, default: []].append(text)
    }

    /// The one value of a field; nil where it is absent, empty or `UNKNOWN`.
    ///
    /// - Throws: `invalidRequest` when it was sent with two values: which of them was checked must not be a guess.
    func value(_ name: String) throws -> String? {
        let values = (fields[name] ?? []).map(Self.trimmed).filter { !Self.isAbsent($0) }
        guard let first = values.first else { return nil }
        guard values.allSatisfy({ $0.utf8.elementsEqual(first.utf8) }) else {
            throw SaveError.invalid(name, "\(name): the field was sent with two values")
        }
        return first
    }

    /// Old tools write `UNKNOWN` for what they do not know; others send every field, empty.
    static func isAbsent(_ value: String) -> Bool { value.utf8.isEmpty || value.utf8.elementsEqual("UNKNOWN".utf8) }

    static func trimmed(_ text: String) -> String {
        var bytes = Substring(text).utf8
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return String(Substring(bytes))
    }
}
