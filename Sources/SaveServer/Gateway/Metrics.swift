internal import SaveMicrohttpd
internal import SavePlatform
internal import Synchronization

/// Counters of what the server did, in Prometheus' text format.
final class Metrics: Sendable {
    /// Clients make up methods; the metrics do not grow with them.
    private static let methods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "other"]
    private static let statuses = 600

    private struct Counts {
        /// By method and status, in a table that every request finds its place in without hashing.
        var requests = [Int64](repeating: 0, count: Metrics.methods.count * Metrics.statuses)
        var sent: Int64 = 0
        var received: Int64 = 0
        var micros: Int64 = 0
    }

    private let counts = Mutex(Counts())

    func note(_ request: RequestSummary) {
        let place = Self.row(request.method) * Self.statuses + min(max(0, request.status), Self.statuses - 1)
        counts.withLock { counts in
            counts.requests[place] &+= 1
            counts.sent &+= request.bytesSent
            counts.received &+= request.bytesReceived
            counts.micros &+= request.microseconds
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

    /// - Parameter gauges: values that others know, with their help texts.
    func text(gauges: [(name: String, help: String, value: Int64)]) -> String {
        let counts = counts.withLock { $0 }
        var text = "# HELP save_requests_total Requests answered.\n# TYPE save_requests_total counter\n"
        for (place, count) in counts.requests.enumerated() where count > 0 {
            let (row, status) = place.quotientAndRemainder(dividingBy: Self.statuses)
            text += "save_requests_total{method=\"\(Self.methods[row])\",status=\"\(status)\"} \(count)\n"
        }
        let totals: [(String, String, Int64)] = [
            ("save_sent_bytes_total", "Bytes of bodies sent.", counts.sent),
            ("save_received_bytes_total", "Bytes of bodies received.", counts.received),
            ("save_request_microseconds_total", "Time spent on requests.", counts.micros),
        ]
        for (name, help, value) in totals { text += "# HELP \(name) \(help)\n# TYPE \(name) counter\n\(name) \(value)\n" }
        for gauge in gauges {
            text += "# HELP \(gauge.name) \(gauge.help)\n# TYPE \(gauge.name) gauge\n\(gauge.name) \(gauge.value)\n"
        }
        return text
    }
}
