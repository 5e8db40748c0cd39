internal import Synchronization

/// What was read last: policies ask about one version after the other by the same few ranges.
public final class VersionRangeMemo: Sendable {
    private struct State {
        var ranges: [String: VersionRange] = [:]
        var version: String?
        /// nil where the version is none.
        var key: [UInt8]?
    }

    private let state = Mutex(State())
    private let key: @Sendable (String) -> [UInt8]?
    private let read: @Sendable (String) throws -> VersionRange
    private static let maxRanges = 256

    /// - Parameters:
    ///   - key: the key of a version (`SemanticVersion.key`); nil for what is none.
    ///   - read: reads a range; what it throws, callers get.
    public init(key: @escaping @Sendable (String) -> [UInt8]?, read: @escaping @Sendable (String) throws -> VersionRange) {
        self.key = key
        self.read = read
    }

    /// Whether a version is in a range. What is no version is in none.
    ///
    /// - Throws: what `read` throws for what is no range.
    public func range(_ range: String, contains version: String) throws -> Bool {
        try state.withLock { state in
            if state.version.map({ $0.utf8.elementsEqual(version.utf8) }) != true {
                state.key = key(version)
                state.version = version
            }
            if let known = state.ranges[range] { return state.key.map(known.contains) ?? false }
            let read = try self.read(range)
            if state.ranges.count >= Self.maxRanges { state.ranges.removeAll() }
            state.ranges[range] = read
            return state.key.map(read.contains) ?? false
        }
    }
}
