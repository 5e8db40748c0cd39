internal import SavePlatform

/// Damaged copies of bytes that were right: what a careless upstream sends, a client that breaks off, or somebody who looks for
/// what a format takes too easily. The same ones in every run.
package enum Mutations {
    /// A copy, and what was done to it.
    package struct Copy: Sendable {
        package let what: String
        package let bytes: [UInt8]
    }

    /// Copies of each kind.
    private static let maxCopies = 40
    /// Copies of a JSON document.
    private static let maxDocumentCopies = 240

    package static func of(_ bytes: [UInt8]) -> [Copy] {
        var random = Xorshift()
        return flips(bytes, &random) + cuts(bytes, &random) + lines(bytes, &random) + numbers(bytes, &random)
            + documents(bytes, &random)
    }

    // MARK: - Bytes

    private static func flips(_ bytes: [UInt8], _ random: inout Xorshift) -> [Copy] {
        guard !bytes.isEmpty else { return [] }
        let values = [0, 0xFF] + Array("\"{}[]<>\n\r ,:;-9/\\%".utf8)
        return (0..<maxCopies).map { number in
            var copy = bytes
            let place = random.number(below: bytes.count)
            // Of letters the case changes.
            copy[place] = number % 2 == 0 ? bytes[place] ^ 0x20 : values[random.number(below: values.count)]
            return Copy(what: "with another byte at \(place)", bytes: copy)
        }
    }

    /// The beginnings: to the ends of lines, and to anywhere.
    private static func cuts(_ bytes: [UInt8], _ random: inout Xorshift) -> [Copy] {
        let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.flatMap { [$0, $0 + 1] }
        let some = random.some(maxCopies / 2, of: ends) + (0..<maxCopies / 2).map { _ in random.number(below: bytes.count) }
        return some.map { Copy(what: "cut at \($0)", bytes: Array(bytes.prefix($0))) }
    }

    // MARK: - Text

    private static func lines(_ bytes: [UInt8], _ random: inout Xorshift) -> [Copy] {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        guard lines.count > 1 else { return [] }
        return random.some(maxCopies / 4, of: Array(lines.indices)).flatMap { place in
            let fields = lines[place].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Array.init)
            var made = [("without line \(place)", [[UInt8]]()), ("with line \(place) twice", [lines[place], lines[place]])]
            for field in fields.indices.prefix(6) {
                let others: [(String, [[UInt8]])] = [
                    ("without", []), ("with a longer", [fields[field], fields[field]]), ("with an empty", [[]]),
                ]
                for (word, other) in others {
                    var line = fields
                    line.replaceSubrange(field...field, with: other)
                    made.append(("\(word) field \(field) in line \(place)", [Array(line.joined(separator: [UInt8(ascii: " ")]))]))
                }
            }
            return made.map { what, other in
                var copy = lines
                copy.replaceSubrange(place...place, with: other)
                return Copy(what: what, bytes: Array(copy.joined(separator: [UInt8(ascii: "\n")])))
            }
        }
    }

    private static let strangeNumbers = ["99999999999999999999999999", "9223372036854775807", "-1", "1e999", ""]

    private static func numbers(_ bytes: [UInt8], _ random: inout Xorshift) -> [Copy] {
        var runs: [Range<Int>] = []
        var start: Int?
        for place in 0...bytes.count {
            let isDigit = place < bytes.count && ASCII.isDigit(bytes[place])
            if isDigit { start = start ?? place }
            if !isDigit, let first = start {
                runs.append(first..<place)
                start = nil
            }
        }
        return random.some(maxCopies / 2, of: runs).flatMap { run in
            strangeNumbers.map { number in
                var copy = bytes
                copy.replaceSubrange(run, with: Array(number.utf8))
                return Copy(what: "with '\(number)' at \(run.lowerBound)", bytes: copy)
            }
        }
    }

    // MARK: - Documents

    /// Written in place of a number that no type holds.
    private static let giant = "a giant number"

    /// The JSON document that the bytes are, or the first that is in them, without members, with members twice, and with values of
    /// other types. One within other bytes keeps its length, which they may tell.
    private static func documents(_ bytes: [UInt8], _ random: inout Xorshift) -> [Copy] {
        guard let place = document(in: bytes), let value = try? JSONValue(parsing: Array(bytes[place])) else { return [] }
        let isWhole = place.count == bytes.count
        return random.some(maxDocumentCopies, of: variants(of: value)).compactMap { what, variant in
            var text = String(decoding: variant.bytes, as: UTF8.self)
            text = text.replacing("\"\(giant)\"", with: strangeNumbers[0])
            var other = Array(text.utf8)
            if !isWhole {
                guard other.count <= place.count else { return nil }
                other += [UInt8](repeating: UInt8(ascii: " "), count: place.count - other.count)
            }
            var copy = bytes
            copy.replaceSubrange(place, with: other)
            return Copy(what: "with \(what)", bytes: copy)
        }
    }

    /// Where a JSON object begins, and ends with its last brace.
    private static func document(in bytes: [UInt8]) -> Range<Int>? {
        if let last = bytes.last(where: { $0 > 0x20 }), [UInt8(ascii: "}"), UInt8(ascii: "]")].contains(last),
            (try? JSONValue(parsing: bytes)) != nil
        {
            return bytes.indices
        }
        guard let open = bytes.firstIndex(of: UInt8(ascii: "{")) else { return nil }
        let ends = bytes.indices.filter { $0 > open && bytes[$0] == UInt8(ascii: "}") }.prefix(1000)
        return ends.lazy.map { open..<$0 + 1 }.first { (try? JSONValue(parsing: Array(bytes[$0]))) != nil }
    }

    private static let others: [JSONValue] = [
        .null, true, -1, .integer(.max), .string(giant), "", "x", "X1", "\"<&", "javascript:x", [], [nil], [:], ["x": [:]],
    ]

    private static func variants(of value: JSONValue) -> [(what: String, value: JSONValue)] {
        var made = others.map { (what: "\($0.text) for \(value.text.prefix(40))", value: $0) }
        switch value {
        case .object(let object):
            for (place, member) in object.members.enumerated() {
                let members = object.members.map { ($0.key, $0.value) }
                var without = members
                without.remove(at: place)
                made.append(("no '\(member.key)'", .object(JSONObject(without))))
                made.append(("'\(member.key)' twice", .object(JSONObject(members + [(member.key, member.value)]))))
                for variant in variants(of: member.value) {
                    var copy = members
                    copy[place].1 = variant.value
                    made.append((variant.what, .object(JSONObject(copy))))
                }
            }
        case .array(let values):
            made.append(("elements twice", .array(values + values)))
            for place in values.indices.prefix(3) {
                for variant in variants(of: values[place]) {
                    var copy = values
                    copy[place] = variant.value
                    made.append((variant.what, .array(copy)))
                }
            }
        case .null, .bool, .integer, .number, .string: break
        }
        return made
    }
}

/// Numbers in no order, the same ones in every run.
struct Xorshift {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func number(below bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(max(bound, 1)))
    }

    /// At maxCopies so many of the elements, in their order.
    mutating func some<Element>(_ count: Int, of elements: [Element]) -> [Element] {
        guard elements.count > count else { return elements }
        var places = Set<Int>()
        while places.count < count { places.insert(number(below: elements.count)) }
        return places.sorted().map { elements[$0] }
    }
}
