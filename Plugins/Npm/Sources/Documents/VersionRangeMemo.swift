internal import SavePlatform
internal import Synchronization

/// What was read last: policies ask about one version after the other by the same few ranges.
final class VersionRangeMemo: Sendable {
    private struct State {
        var ranges: [String: VersionRange] = [:]
        var version: String?
        /// nil where the version is none.
        var key: [UInt8]?
    }

    private let state = Mutex(State())
    private static let maxRanges = 256

    /// - Throws: `invalidRequest` for what is no range.
    func range(_ range: String, contains version: String) throws -> Bool {
        try state.withLock { state in
            if state.version.map({ $0.utf8.elementsEqual(version.utf8) }) != true {
                state.key = VersionOrder.key(of: version)
                state.version = version
            }
            if let known = state.ranges[range] { return state.key.map(known.contains(key:)) ?? false }
            let read = try VersionRange(range)
            if state.ranges.count >= Self.maxRanges { state.ranges.removeAll() }
            state.ranges[range] = read
            return state.key.map(read.contains(key:)) ?? false
        }
    }
}
