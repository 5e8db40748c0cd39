internal import Synchronization

/// Names a request in the log, the audit trail and error bodies. Unique within a run of the server and, by a random
/// part, most likely across runs.
public struct RequestID: Sendable, Hashable, CustomStringConvertible {
    private let number: UInt64
    private static let run = UInt32.random(in: .min ... .max)
    private static let counter = Atomic<UInt64>(0)

    /// A name nobody has had in this run.
    public static func next() -> RequestID {
        RequestID(number: counter.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    public var description: String {
        let run = String(Self.run, radix: 16), number = String(self.number, radix: 16)
        return String(repeating: "0", count: 8 - run.utf8.count) + run + "-" + number
    }
}
