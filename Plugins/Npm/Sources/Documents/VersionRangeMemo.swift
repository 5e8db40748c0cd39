internal import SavePlatform
internal import Synchronization

/// What was read last: policies ask of one range after the other which of the same thousand versions are in it.
final class VersionRangeMemo: Sendable {
    private struct State {
        var text = ""
        var range: VersionRange?
        var keys: [[UInt8]: [UInt8]?] = [:]
    }

    private let state = Mutex(State())
    private static let maxVersions = 4096

    /// - Throws: `invalidRequest` for what is no range.
    func range(_ range: String, contains version: String) throws -> Bool {
        try state.withLock { state in
            let read: VersionRange
            if let known = state.range, state.text.utf8.elementsEqual(range.utf8) {
                read = known
            } else {
                read = try VersionRange(range)
                (state.text, state.range) = (range, read)
            }
            let bytes = Array(version.utf8)
            guard let known = state.keys[bytes] else {
                let key = VersionOrder.key(of: version)
                if state.keys.count >= Self.maxVersions { state.keys.removeAll() }
                state.keys[bytes] = .some(key)
                return key.map(read.contains(key:)) ?? false
            }
            return known.map(read.contains(key:)) ?? false
        }
    }
}
