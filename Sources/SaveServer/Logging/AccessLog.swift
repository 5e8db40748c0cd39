internal import SaveHTTP
internal import SaveMicrohttpd
internal import SavePlatform
internal import Synchronization

/// One line for each finished request, without secrets in its target. Every request pays for it, so it is written as bytes into one buffer.
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
        switch log.format {
        case .json: noteObject(request)
        case .text: log.append(readable(request))
        }
    }

    private func readable(_ request: RequestSummary) -> [UInt8] {
        var id: [UInt8] = []
        request.id.write(to: &id)
        var client: [UInt8] = []
        request.client.write(to: &client)
        var fields = [
            ("status", String(request.status)), ("bytes", String(request.bytesSent)), ("micros", String(request.microseconds)),
            ("client", String(decoding: client, as: UTF8.self)), ("request_id", String(decoding: id, as: UTF8.self)),
        ]
        if let agent = request.userAgent { fields.append(("agent", String(decoding: agent, as: UTF8.self))) }
        if !request.isComplete { fields.append(("complete", "false")) }
        let target = String(decoding: LoggedText.bytes(request.target), as: UTF8.self)
        return LogFormat.readable("request", "\(request.method.name) \(target)", fields, at: clock.now())
    }

    private func noteObject(_ request: RequestSummary) {
        let now = clock.now()
        let start = text(of: now.seconds)
        let milliseconds = (now.microseconds - now.seconds * 1_000_000) / 1000
        let target = LoggedText.bytes(request.target[...])
        let agent = request.userAgent.map { LoggedText.bytes($0) }
        // What is escaped takes six bytes for one.
        let size = 320 + 6 * (target.count + (agent?.count ?? 0) + request.method.name.utf8.count)
        log.append(atMost: size) { line in
            line.append(contentsOf: start)
            line.append(UInt8(48 + milliseconds / 100 % 10))
            line.append(UInt8(48 + milliseconds / 10 % 10))
            line.append(UInt8(48 + milliseconds % 10))
            append("Z\",\"request_id\":\"", to: &line)
            request.id.write(to: &line)
            append("\",\"client\":\"", to: &line)
            request.client.write(to: &line)
            append("\",\"method\":", to: &line)
            JSONText.append(request.method.name, to: &line)
            append(",\"target\":", to: &line)
            JSONText.append(utf8: target, to: &line)
            append(",\"status\":", to: &line)
            JSONText.append(Int64(request.status), to: &line)
            append(",\"bytes\":", to: &line)
            JSONText.append(request.bytesSent, to: &line)
            append(",\"micros\":", to: &line)
            JSONText.append(request.microseconds, to: &line)
            if let agent {
                append(",\"agent\":", to: &line)
                JSONText.append(utf8: agent, to: &line)
            }
            if !request.isComplete { append(",\"complete\":false", to: &line) }
            append("}\n", to: &line)
        }
    }

    private func append(_ text: StaticString, to line: inout [UInt8]) {
        text.withUTF8Buffer { line.append(contentsOf: $0) }
    }

    /// The line's beginning up to the full stop before the milliseconds.
    private func text(of number: Int64) -> [UInt8] {
        second.withLock { second in
            if second.number != number {
                second = (number, Array("{\"time\":\"\(Timestamp(seconds: number).rfc3339.dropLast()).".utf8))
            }
            return second.text
        }
    }
}
