internal import SaveMicrohttpd
internal import SavePlatform
internal import Synchronization

/// Counters of what the server did, in Prometheus' text format.
final class Metrics: Sendable {
    private struct Kind: Hashable {
        let method: String
        let status: Int
    }

    private struct Counts {
        var requests: [Kind: Int64] = [:]
        var sent: Int64 = 0
        var received: Int64 = 0
        var micros: Int64 = 0
    }

    private let counts = Mutex(Counts())

    func note(_ request: RequestSummary) {
        // Clients make up methods; the metrics do not grow with them.
        let method = if case .other = request.method { "other" } else { request.method.name }
        let kind = Kind(method: method, status: request.status)
        counts.withLock { counts in
            counts.requests[kind, default: 0] += 1
            counts.sent &+= request.bytesSent
            counts.received &+= request.bytesReceived
            counts.micros &+= request.microseconds
        }
    }

    /// - Parameter gauges: values that others know, with their help texts.
    func text(gauges: [(name: String, help: String, value: Int64)]) -> String {
        let counts = counts.withLock { $0 }
        var text = "# HELP save_requests_total Requests answered.\n# TYPE save_requests_total counter\n"
        for (kind, count) in counts.requests.sorted(by: { ($0.key.method, $0.key.status) < ($1.key.method, $1.key.status) }) {
            text += "save_requests_total{method=\"\(kind.method)\",status=\"\(kind.status)\"} \(count)\n"
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
