internal import Foundation
package import SavePlatform
internal import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1 that does exactly what a test tells it, bad manners included.
///
/// Scripts are chosen by path; a script turns a request into steps, and the bytes of `send` steps go out unchanged. A path
/// without a script answers 404. Connections are kept open between requests unless a step closes them. Every connection
/// has a thread of its own, so that a script may wait as long as it likes.
///
/// ```swift
/// let upstream = try ScriptedUpstream()
/// upstream.on("/simple/x/") { _ in .response(200, ["Content-Type": "text/html"], "<a href=x>x</a>") }
/// upstream.on("/cut") { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), .close] }
/// ... upstream.url("/simple/x/") ... #expect(upstream.requests.count == 1)
/// ```
package final class ScriptedUpstream: Sendable {
    /// One thing that the server does on a connection.
    package enum Step: Sendable {
        /// Writes bytes; waits while the client does not read.
        case send([UInt8])
        /// Writes the same bytes a number of times.
        case `repeat`([UInt8], times: Int)
        /// Waits.
        case delay(Duration)
        /// Waits until the gate is open or the client has gone.
        case wait(Gate)
        /// Waits until the client has gone.
        case hold
        /// Ends the connection with FIN.
        case close
        /// Ends the connection with RST.
        case reset

        /// Writes text.
        package static func text(_ text: String) -> Step { .send(Array(text.utf8)) }
    }

    /// A request as it arrived.
    package struct Request: Sendable {
        package let method: String
        /// As sent, with its query.
        package let target: String
        package let headers: HTTPHeaders
        /// As much as `Content-Length` says.
        package let body: [UInt8]
        /// Counts connections from 1.
        package let connection: Int
        /// The target without its query.
        package var path: String { String(Substring(target.utf8.prefix { $0 != UInt8(ascii: "?") })) }
    }

    /// Holds scripts back until the test opens it; it stays open.
    package final class Gate: Sendable {
        private let opened = Atomic(false)
        package init() {}
        package func open() { opened.store(true, ordering: .releasing) }
        var isOpen: Bool { opened.load(ordering: .acquiring) }
    }

    package typealias Script = @Sendable (Request) -> [Step]

    private struct State {
        var scripts: [String: Script] = [:]
        var fallback: Script = { _ in .response(404, [:], "not scripted") }
        var requests: [Request] = []
        var open: Set<Int32> = []
        var connections = 0
        var bytesSent = 0
        var isStopped = false
    }

    private let state = Mutex(State())
    private let listener: Int32
    /// The port on 127.0.0.1.
    package let port: UInt16

    /// Starts a server on a free port.
    ///
    /// - Throws: `internalFailure` when the machine gives no socket.
    package init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let failed = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) != 0 || listen(descriptor, 512) != 0 || getsockname(descriptor, $0, &size) != 0
            }
        }
        guard listener >= 0, !failed else { throw SaveError(.internalFailure, "no socket for the scripted upstream") }
        port = UInt16(bigEndian: address.sin_port)
        let thread = Thread { [reference = WeakServer(self)] in Self.accept(on: descriptor) { reference.server } }
        thread.name = "scripted-upstream"
        thread.start()
    }

    deinit { stop() }

    /// An absolute URL for a path that starts with a slash.
    package func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    /// Sets the script of a path (without query), in place of an earlier one.
    package func on(_ path: String, _ script: @escaping Script) { state.withLock { $0.scripts[path] = script } }

    /// Sets the script of every path that has none.
    package func otherwise(_ script: @escaping Script) { state.withLock { $0.fallback = script } }

    /// Every request so far, in order of arrival.
    package var requests: [Request] { state.withLock { $0.requests } }
    /// How many connections were made so far.
    package var connectionCount: Int { state.withLock { $0.connections } }
    /// How many connections are open now.
    package var openConnections: Int { state.withLock { $0.open.count } }
    /// How many bytes the kernel has taken so far.
    package var bytesSent: Int { state.withLock { $0.bytesSent } }

    /// Ends every connection; from now on connections are refused.
    package func stop() {
        // Descriptors are closed by the threads that use them, so that none of them meets another one's under its number.
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            shutdown(listener, Int32(SHUT_RDWR))
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }
}

extension [ScriptedUpstream.Step] {
    /// A whole response with a `Content-Length`.
    package static func response(_ status: Int, _ headers: KeyValuePairs<String, String>, _ body: [UInt8]) -> Self {
        var text = "HTTP/1.1 \(status) Scripted\r\nContent-Length: \(body.count)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        text += "\r\n"
        return [.send([UInt8](text.utf8) + body)]
    }

    /// A whole response with a `Content-Length`.
    package static func response(_ status: Int, _ headers: KeyValuePairs<String, String> = [:], _ body: String = "") -> Self {
        response(status, headers, [UInt8](body.utf8))
    }
}

// MARK: - Connections

extension ScriptedUpstream {
    private static func accept(on listener: Int32, server: @escaping @Sendable () -> ScriptedUpstream?) {
        defer { close(listener) }
        while true {
            let descriptor = Foundation.accept(listener, nil, nil)
            if descriptor < 0 && errno == EINTR { continue }
            guard descriptor >= 0 else { return }
            guard let number = server()?.opened(descriptor) else {
                close(descriptor)
                return
            }
            let thread = Thread {
                serve(descriptor, number, server)
                if let server = server() { server.closed(descriptor) } else { close(descriptor) }
            }
            thread.stackSize = 1 << 18
            thread.start()
        }
    }

    private func opened(_ descriptor: Int32) -> Int? {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        return state.withLock { state in
            guard !state.isStopped else { return nil }
            state.connections += 1
            state.open.insert(descriptor)
            return state.connections
        }
    }

    private func closed(_ descriptor: Int32) {
        state.withLock { state in
            state.open.remove(descriptor)
            close(descriptor)
        }
    }

    /// Reads requests and plays their scripts until the connection ends.
    private static func serve(_ descriptor: Int32, _ number: Int, _ server: () -> ScriptedUpstream?) {
        var received: [UInt8] = []
        while let head = readHead(descriptor, &received) {
            guard let request = parse(head, connection: number, body: { readBody($0, descriptor, &received) }),
                let script = server()?.record(request)
            else { return }
            for step in script(request) {
                guard let sent = play(step, on: descriptor) else { return }
                server()?.state.withLock { $0.bytesSent += sent }
            }
        }
    }

    private func record(_ request: Request) -> Script {
        state.withLock { state in
            state.requests.append(request)
            return state.scripts[request.path] ?? state.fallback
        }
    }

    /// Bytes up to the empty line; what follows stays in `received`.
    private static func readHead(_ descriptor: Int32, _ received: inout [UInt8]) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while received.count < 1 << 20 {
            var line = 0
            for index in received.indices where received[index] == UInt8(ascii: "\n") {
                if index - line <= 1 {
                    defer { received.removeFirst(index + 1) }
                    return Array(received[...index])
                }
                line = index + 1
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            received += buffer[..<count]
        }
        return nil
    }

    /// The next bytes; nil where the connection ends before them.
    private static func readBody(_ length: Int, _ descriptor: Int32, _ received: inout [UInt8]) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while received.count < length {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            received += buffer[..<count]
        }
        defer { received.removeFirst(length) }
        return Array(received[..<length])
    }

    private static func parse(_ head: [UInt8], connection: Int, body: (Int) -> [UInt8]?) -> Request? {
        let lines = head.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0.filter { $0 != 13 }, as: UTF8.self) }
        guard let words = lines.first?.split(separator: " "), words.count == 3 else { return nil }
        var headers = HTTPHeaders()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers.append(String(line[..<colon]), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        guard let body = body(headers["Content-Length"].flatMap(Int.init) ?? 0) else { return nil }
        return Request(
            method: String(words[0]), target: String(words[1]), headers: headers, body: body, connection: connection)
    }

    /// The number of bytes written; nil when the connection has ended.
    private static func play(_ step: Step, on descriptor: Int32) -> Int? {
        switch step {
        case .send(let bytes): return write(bytes, to: descriptor) ? bytes.count : nil
        case .repeat(let bytes, let times):
            for _ in 0..<times where !write(bytes, to: descriptor) { return nil }
            return bytes.count * times
        case .delay(let duration): return wait(descriptor, until: ContinuousClock.now + duration) { false } ? 0 : nil
        case .wait(let gate): return wait(descriptor, until: nil) { gate.isOpen } ? 0 : nil
        case .hold:
            _ = wait(descriptor, until: nil) { false }
            return nil
        case .close:
            shutdown(descriptor, Int32(SHUT_WR))
            return nil
        case .reset:
            var abort = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abort, socklen_t(MemoryLayout<linger>.size))
            return nil
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Waits for a moment or a condition; false when the client has gone.
    private static func wait(_ descriptor: Int32, until end: ContinuousClock.Instant?, _ isDone: () -> Bool) -> Bool {
        // POLLRDHUP, poll(2), which glibc shows to GNU sources only.
        var entry = pollfd(fd: descriptor, events: 0x2000, revents: 0)
        while !isDone() {
            if let end, ContinuousClock.now >= end { return true }
            if poll(&entry, 1, 1) > 0 { return false }
        }
        return true
    }
}

/// The accepting thread must not keep its server alive, or a forgotten `stop` would never come.
private final class WeakServer: Sendable {
    private let reference: Mutex<Reference>
    private struct Reference { weak var server: ScriptedUpstream? }

    init(_ server: ScriptedUpstream) { reference = Mutex(Reference(server: server)) }
    var server: ScriptedUpstream? { reference.withLock { $0.server } }
}
