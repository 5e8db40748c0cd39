package import FoundationEssentials
package import Glibc
package import SavePlatform
package import SaveStorage

/// The head of the trail at one moment, to be kept out of reach of anybody who changes the database: a trail that lost its
/// end, or was computed again, no longer has this record.
package struct AuditAnchor: Sendable, Equatable {
    package let sequence: Int64
    package let hash: String
    package let time: Timestamp

    package init(sequence: Int64, hash: String, time: Timestamp) {
        self.sequence = sequence
        self.hash = hash
        self.time = time
    }

    private var text: String { "anchor \(sequence) \(hash) \(time.microseconds)" }

    /// One line of JSON, without its line end.
    package func line(_ seal: AuditSeal) -> [UInt8] {
        let object: JSONObject = [
            "time": .string(time.rfc3339), "microseconds": .integer(time.microseconds), "sequence": .integer(sequence),
            "hash": .string(hash), "seal": .string(seal.of(text)),
        ]
        return JSONValue.object(object).bytes
    }

    /// Reads a line; nil for one that this server did not write.
    package init?(line: [UInt8], _ seal: AuditSeal) {
        guard let object = (try? JSONValue(parsing: line))?.object, let sequence = object["sequence"]?.integer,
            let hash = object["hash"]?.string, let time = object["microseconds"]?.integer
        else { return nil }
        self.init(sequence: sequence, hash: hash, time: Timestamp(microseconds: time))
        guard seal.holds(object["seal"]?.string ?? "", for: text) else { return nil }
    }
}

/// A place for anchors.
package protocol AuditAnchoring: Sendable {
    /// Keeps an anchor, or fails without holding anybody up.
    func keep(_ anchor: AuditAnchor) async throws
}

/// Anchors as they were kept, oldest first, read line by line.
package struct AuditAnchorLines: Sendable {
    private let bytes: Data
    private var position: Int
    /// The number of the line that was read last, from 1.
    package private(set) var number = 0

    /// - Parameter bytes: the content of a file of anchors, mapped rather than read where it is long.
    package init(_ bytes: Data) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The next line, without its end; nil when there is none. A line that was cut short when the machine went down is
    /// passed over: an attacker that can damage a line could as well remove it.
    package mutating func next() -> [UInt8]? {
        while let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) {
            defer { position = bytes.index(after: end) }
            number += 1
            let line = bytes[position..<end]
            if line.last == UInt8(ascii: "}") { return Array(line) }
        }
        return nil
    }
}
