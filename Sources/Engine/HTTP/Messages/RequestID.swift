internal import Synchronization

/// Names a request in the log, the audit trail and error bodies. Unique within a run of the server and, by a random
/// part, most likely across runs.
package struct RequestID: Sendable, Hashable, CustomStringConvertible {
    private let number: UInt64
    private static let run = UInt32.random(in: .min ... .max)
    private static let counter = Atomic<UInt64>(0)

    /// A name nobody has had in this run.
    package static func next() -> RequestID {
        RequestID(number: counter.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    package var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text: eight hexadecimal digits of the run, a dash, the number in hexadecimal.
    package func write(to bytes: inout [UInt8]) {
        for shift in stride(from: 28, through: 0, by: -4) { bytes.append(Self.digit(UInt64(Self.run) >> UInt64(shift))) }
        bytes.append(UInt8(ascii: "-"))
        let digits = max(1, (64 - number.leadingZeroBitCount + 3) / 4)
        for place in stride(from: digits - 1, through: 0, by: -1) { bytes.append(Self.digit(number >> UInt64(place * 4))) }
    }

    private static func digit(_ value: UInt64) -> UInt8 {
        let nibble = UInt8(value & 15)
        return nibble < 10 ? 48 + nibble : 87 + nibble
    }
}
