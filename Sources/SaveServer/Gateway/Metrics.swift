internal import SaveAccess
internal import SaveMicrohttpd
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// Counters of what the server did.
final class Metrics: Sendable {
    /// Clients make up methods; the metrics do not grow with them.
    private static let methods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "other"]
    private static let statuses = 600
    /// What a request is about, as far as its first bytes say it.
    private static let classes = ["read", "change", "api", "server"]
    /// Upper ends of the histogram's buckets, and how Prometheus is told them.
    private static let bounds: [(microseconds: Int64, seconds: String)] = [
        (1_000, "0.001"), (5_000, "0.005"), (25_000, "0.025"), (100_000, "0.1"), (500_000, "0.5"), (2_500_000, "2.5"),
        (10_000_000, "10"),
    ]
    private static let outcomes = ["ok", "not_modified", "refused", "failed"]
    private struct Counts {
        /// By method and status, in a table that every request finds its place in without hashing.
        var requests = [Int64](repeating: 0, count: Metrics.methods.count * Metrics.statuses)
        var sent: Int64 = 0
        var received: Int64 = 0
        /// By class and bucket; the last bucket is for all that took longer.
        var durations = [Int64](repeating: 0, count: Metrics.classes.count * (Metrics.bounds.count + 1))
        var micros = [Int64](repeating: 0, count: Metrics.classes.count)
        var repositories = RepositoryCounts(columns: Metrics.outcomes.count)
    }

    private let counts = Mutex(Counts())
    /// The formats whose repositories have a second path.
    private let mounted: [FormatDescriptor]

    init(formats: [FormatDescriptor]) { mounted = formats.filter { $0.mount != nil } }

    func note(_ request: RequestSummary) {
        let place = Self.row(request.method) * Self.statuses + min(max(0, request.status), Self.statuses - 1)
        let group = Self.group(request)
        let bucket = Self.bounds.firstIndex { request.microseconds <= $0.microseconds } ?? Self.bounds.count
        // A preflight is answered for any path, whether there is something or not.
        let repository = group < 2 && request.method != .options ? self.place(of: request.target) : nil
        let outcome = Self.outcome(request.status)
        counts.withLock { counts in
            counts.requests[place] &+= 1
            counts.sent &+= request.bytesSent
            counts.received &+= request.bytesReceived
            counts.durations[group * (Self.bounds.count + 1) + bucket] &+= 1
            counts.micros[group] &+= request.microseconds
            guard let repository else { return }
            // Clients make up paths; only what was answered, or failed, gets a place.
            counts.repositories.count(outcome, of: repository, isNew: outcome != 2)
        }
    }

    private static func row(_ method: HTTPMethod) -> Int {
        switch method {
        case .get: 0
        case .head: 1
        case .put: 2
        case .post: 3
        case .patch: 4
        case .delete: 5
        case .options: 6
        case .other: 7
        }
    }

    private static func group(_ request: RequestSummary) -> Int {
        let path = request.target
        guard path.count >= 2 else { return 3 }
        // Of most paths one byte is enough to see that they are none of the server's.
        switch path[path.startIndex + 1] {
        case UInt8(ascii: "a") where isBelow("/api", path): return 2
        case UInt8(ascii: "h") where isBelow("/health", path): return 3
        case UInt8(ascii: "m") where isBelow("/metrics", path): return 3
        default: break
        }
        return request.method == .get || request.method == .head ? 0 : 1
    }

    /// Whether a target is a path, or below it: a format's mount may begin with the same letters.
    private static func isBelow(_ prefix: StaticString, _ target: [UInt8]) -> Bool {
        prefix.withUTF8Buffer { prefix in
            guard target.starts(with: prefix) else { return false }
            let next = target.dropFirst(prefix.count).first
            return next == nil || next == UInt8(ascii: "/") || next == UInt8(ascii: "?")
        }
    }

    private static func outcome(_ status: Int) -> Int {
        switch status {
        case 304: 1
        case 400..<500: 2
        case 500...: 3
        default: 0
        }
    }

    /// A hash of `/<format>/<project>/<repository>/`, also of a path that begins with the format's mount; nil for what is no such
    /// path.
    private func place(of target: [UInt8]) -> UInt64? {
        for format in mounted {
            guard let (rest, isMounted) = format.place(of: target[...]), isMounted else { continue }
            return Self.hash(Array("/\(format.id)".utf8) + rest)
        }
        return Self.hash(target)
    }

    /// Up to the fourth slash (FNV-1a, 64 bits).
    private static func hash(_ target: [UInt8]) -> UInt64? {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var slashes = 0
        for byte in target {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
            if byte == UInt8(ascii: "/") { slashes += 1 }
            if slashes == 4 { return hash }
        }
        return nil
    }

    /// - Parameter repositories: those there are: the paths of others are not shown.
    func write(to text: inout MetricsText, repositories: [Repository]) {
        let counts = counts.withLock { $0 }
        text.begin("save_requests_total", .counter, "Requests answered.")
        for (place, count) in counts.requests.enumerated() where count > 0 {
            let (row, status) = place.quotientAndRemainder(dividingBy: Self.statuses)
            text.add("save_requests_total", ["method": Self.methods[row], "status": "\(status)"], count)
        }
        text.single("save_sent_bytes_total", .counter, "Bytes of bodies sent.", counts.sent)
        text.single("save_received_bytes_total", .counter, "Bytes of bodies received.", counts.received)
        writeDurations(counts, to: &text)
        text.begin("save_repository_requests_total", .counter, "Requests to repositories, by what came of them.")
        for repository in repositories {
            guard let place = self.place(of: Array(repository.basePath.utf8)), let row = counts.repositories[place] else {
                continue
            }
            for (outcome, count) in zip(Self.outcomes, row) where count > 0 {
                text.add(
                    "save_repository_requests_total",
                    ["repository": repository.record.coordinates, "outcome": outcome], count)
            }
        }
    }

    private func writeDurations(_ counts: Counts, to text: inout MetricsText) {
        let name = "save_request_duration_seconds"
        text.begin(name, .histogram, "From the first line of requests to the end of their answers.")
        for (group, label) in Self.classes.enumerated() {
            var total: Int64 = 0
            let buckets = counts.durations[(group * (Self.bounds.count + 1))...].prefix(Self.bounds.count + 1)
            for (count, bound) in zip(buckets, Self.bounds.map(\.seconds) + ["+Inf"]) {
                total += count
                text.add(name + "_bucket", ["class": label, "le": bound], total)
            }
            text.add(name + "_sum", ["class": label], Double(counts.micros[group]) / 1e6)
            text.add(name + "_count", ["class": label], total)
        }
    }
}

/// Numbers by repository and column. Every request finds its place, so the table hashes nothing itself: its keys are hashes.
private struct RepositoryCounts {
    /// A power of two, twice what is counted, so that the search for a free place ends soon.
    private static let size = 8192
    private static let none: UInt64 = 0

    private let columns: Int
    private var keys = [UInt64](repeating: Self.none, count: Self.size)
    private var counts: [Int64]
    private var used = 0

    init(columns: Int) {
        self.columns = columns
        counts = [Int64](repeating: 0, count: Self.size * columns)
    }

    /// The numbers of a repository; nil where nothing was counted.
    subscript(key: UInt64) -> ArraySlice<Int64>? {
        let place = place(of: key)
        return keys[place] == Self.none ? nil : counts[(place * columns)...].prefix(columns)
    }

    /// - Parameter isNew: whether a repository that has no numbers yet gets some, as long as there is room.
    mutating func count(_ column: Int, of key: UInt64, isNew: Bool) {
        let place = place(of: key)
        if keys[place] == Self.none {
            guard isNew, key != Self.none, used < Self.size / 2 else { return }
            keys[place] = key
            used += 1
        }
        counts[place * columns + column] &+= 1
    }

    /// The place of a key, or the free one where it belongs.
    private func place(of key: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: key) & (Self.size - 1)
        while keys[place] != key, keys[place] != Self.none { place = (place + 1) & (Self.size - 1) }
        return place
    }
}
