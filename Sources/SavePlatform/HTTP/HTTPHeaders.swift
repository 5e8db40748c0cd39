/// Header fields in order. Names are ASCII and compared without regard to case; values are bytes.
///
/// All text lives in one buffer, so that a request's headers cost two allocations and no `String` until one is read.
package struct HTTPHeaders: Sendable {
    private struct Field: Sendable {
        let start, colon, end: Int
    }

    private var bytes: [UInt8] = []
    private var fields: [Field] = []

    package init() {}

    /// Headers from names and values, in order.
    package init(_ pairs: KeyValuePairs<String, String>) {
        for (name, value) in pairs { append(name, value) }
    }

    /// Makes room before many fields are added.
    package mutating func reserve(fields count: Int, bytes size: Int) {
        fields.reserveCapacity(count)
        bytes.reserveCapacity(size)
    }

    /// Adds a field.
    package mutating func append(_ name: String, _ value: String) {
        let start = bytes.count
        bytes.append(contentsOf: name.utf8)
        let colon = bytes.count
        bytes.append(contentsOf: value.utf8)
        fields.append(Field(start: start, colon: colon, end: bytes.count))
    }

    /// Adds a field from bytes as they came.
    package mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let start = bytes.count
        bytes.append(contentsOf: name)
        let colon = bytes.count
        bytes.append(contentsOf: value)
        fields.append(Field(start: start, colon: colon, end: bytes.count))
    }

    /// The number of fields.
    package var count: Int { fields.count }

    /// The first field of a name as text (invalid UTF-8 repaired). Setting replaces every field of the name.
    package subscript(name: String) -> String? {
        get {
            bytes(of: name).map { String(decoding: $0, as: UTF8.self) }
        }
        set {
            let others = fields.filter { !matches($0, name) }
            fields = others
            if let newValue { append(name, newValue) }
        }
    }

    /// The bytes of the first field of a name.
    package func bytes(of name: String) -> ArraySlice<UInt8>? {
        for field in fields where matches(field, name) { return bytes[field.colon..<field.end] }
        return nil
    }

    /// The number of fields of a name.
    package func count(of name: String) -> Int {
        var count = 0
        for field in fields where matches(field, name) { count += 1 }
        return count
    }

    /// All values of a name, in order.
    package func values(of name: String) -> [String] {
        fields.filter { matches($0, name) }.map { String(decoding: bytes[$0.colon..<$0.end], as: UTF8.self) }
    }

    /// Appends the fields that have one of these names (in lower case), each with the number of its name and its length, so
    /// that different fields never give the same bytes.
    package func appendFields(_ names: [StaticString], to text: inout [UInt8]) {
        for field in fields {
            for (number, name) in names.enumerated() where matches(field, name) {
                text.append(0)
                text.append(UInt8(truncatingIfNeeded: number))
                withUnsafeBytes(of: field.end - field.colon) { text.append(contentsOf: $0) }
                text.append(contentsOf: bytes[field.colon..<field.end])
            }
        }
    }

    /// Every field in order, names as they were given.
    package var all: [(name: String, value: String)] {
        fields.map {
            (
                String(decoding: bytes[$0.start..<$0.colon], as: UTF8.self),
                String(decoding: bytes[$0.colon..<$0.end], as: UTF8.self)
            )
        }
    }

    private func matches(_ field: Field, _ name: String) -> Bool {
        let count = field.colon - field.start
        guard name.utf8.count == count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            var index = field.start
            for wanted in name.utf8 {
                if lowercased(bytes[index]) != lowercased(wanted) { return false }
                index += 1
            }
            return true
        }
    }

    private func matches(_ field: Field, _ name: StaticString) -> Bool {
        guard field.colon - field.start == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { name in
            bytes[field.start..<field.colon].elementsEqual(name) { lowercased($0) == $1 }
        }
    }

    private func lowercased(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 32 : byte }
}
