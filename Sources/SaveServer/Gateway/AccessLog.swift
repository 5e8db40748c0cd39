internal import SaveMicrohttpd
internal import SavePlatform
internal import Synchronization

/// One line of JSON for each finished request. Built from bytes, because it is on every request's way.
final class AccessLog: Sendable {
    private let log: Log
    private let clock: PlatformClock
    /// The text of the second that was formatted last.
    private let second = Mutex<(number: Int64, text: [UInt8])>((.min, []))

    init(log: Log, clock: PlatformClock) {
        self.log = log
        self.clock = clock
    }

    func note(_ request: RequestSummary) {
        let now = clock.now()
        let agent = request.userAgent
        var line: [UInt8] = []
        line.reserveCapacity(256 + request.target.count + (agent?.utf8.count ?? 0))
        append("{\"time\":\"", to: &line)
        line.append(contentsOf: text(of: now))
        append(".", to: &line)
        let milliseconds = (now.microseconds - now.seconds * 1_000_000) / 1000
        for divisor: Int64 in [100, 10, 1] { line.append(UInt8(48 + milliseconds / divisor % 10)) }
        append("Z\",\"request_id\":\"", to: &line)
        request.id.write(to: &line)
        append("\",\"client\":\"", to: &line)
        request.client.write(to: &line)
        append("\",\"method\":", to: &line)
        JSONText.append(request.method.name, to: &line)
        append(",\"target\":", to: &line)
        JSONText.append(utf8: request.target, to: &line)
        append(",\"status\":", to: &line)
        JSONText.append(Int64(request.status), to: &line)
        append(",\"bytes\":", to: &line)
        JSONText.append(request.bytesSent, to: &line)
        append(",\"micros\":", to: &line)
        let duration = request.duration.components
        JSONText.append(duration.seconds &* 1_000_000 &+ duration.attoseconds / 1_000_000_000_000, to: &line)
        if let agent {
            append(",\"agent\":", to: &line)
            JSONText.append(agent, to: &line)
        }
        if !request.isComplete { append(",\"complete\":false", to: &line) }
        append("}\n", to: &line)
        log.append(line)
    }

    private func append(_ text: StaticString, to line: inout [UInt8]) {
        text.withUTF8Buffer { line.append(contentsOf: $0) }
    }

    private func text(of now: Timestamp) -> [UInt8] {
        let number = now.seconds
        return second.withLock { second in
            if second.number != number {
                second = (number, Array(Timestamp(seconds: number).rfc3339.utf8.dropLast()))
            }
            return second.text
        }
    }
}
