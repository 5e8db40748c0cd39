internal import Foundation
package import SavePlatform
internal import Synchronization

/// A socket on which a test says exactly the bytes it wants to say, and reads what comes back.
package final class RawHTTP: Sendable {
    /// One response as it came over the wire.
    package struct Response: Sendable {
        package let status: Int
        /// The phrase on the status line.
        package let reason: String
        package let headers: HTTPHeaders
        package let body: [UInt8]
        /// The body came to the end that its framing promised.
        package let isComplete: Bool
        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    private static let pool = BlockingPool(name: "raw-http", threads: 32)
    private let descriptor: Int32
    private let received = Mutex<[UInt8]>([])

    /// Connects to 127.0.0.1.
    ///
    /// - Parameter receiveBuffer: Bytes the kernel keeps for this side; small for a test of a client that does not read.
    package static func connect(port: UInt16, receiveBuffer: Int32? = nil) async throws -> RawHTTP {
        try await pool.run { try RawHTTP(port: port, receiveBuffer: receiveBuffer) }
    }

    /// Sends a whole conversation and reads one response.
    package static func ask(port: UInt16, _ text: String, isHead: Bool = false) async throws -> Response? {
        let client = try await connect(port: port)
        try await client.send(text)
        return try await client.response(isHead: isHead)
    }

    private init(port: UInt16, receiveBuffer: Int32?) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw SaveError(.upstreamUnavailable, "no connection to port \(port)") }
    }

    deinit { close(descriptor) }

    /// Sends text; every line end must be spelled out.
    package func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends bytes.
    ///
    /// - Throws: `upstreamUnavailable` when the other side has closed, or takes nothing for ten seconds.
    package func send(_ bytes: [UInt8]) async throws {
        try await Self.pool.run { [descriptor] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Foundation.send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw SaveError(.upstreamUnavailable, "sending failed after \(sent) bytes") }
                sent += count
            }
        }
    }

    /// Says that nothing more will be sent.
    package func closeWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection with a reset.
    package func reset() {
        var linger = Foundation.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Foundation.linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Everything until the other side closes, or resets, or says nothing for ten seconds.
    package func rest() async throws -> [UInt8] {
        try await Self.pool.run { [self] in
            while more() {}
            return received.withLock { received in
                defer { received = [] }
                return received
            }
        }
    }

    /// Nothing comes for a while.
    package func hasNothing(for time: Duration) async throws -> Bool {
        try await Self.pool.run { [descriptor] in
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(
                &polled, 1, Int32(clamping: time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000))
                == 0
        }
    }

    /// Waits until `text` has come, and leaves it to be read.
    package func contains(_ text: String) async throws -> Bool {
        try await Self.pool.run { [self] in position(of: Array(text.utf8)) != nil }
    }

    /// The other side has closed; false where it says more, or nothing for ten seconds.
    package func isClosed() async throws -> Bool {
        try await Self.pool.run { [descriptor] in
            var byte: UInt8 = 0
            let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK))
            return count == 0 || count < 0 && errno == ECONNRESET
        }
    }

    /// The next response, of any status; nil where the connection ends before its header section does.
    package func response(isHead: Bool = false) async throws -> Response? {
        try await Self.pool.run { [self] in
            guard let end = position(of: Array("\r\n\r\n".utf8)) else { return nil }
            let head = take(end + 4).dropLast(4)
            let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
            var headers = HTTPHeaders()
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers.append(String(parts.first ?? ""), parts.dropFirst().first?.trimmingCharacters(in: .whitespaces) ?? "")
            }
            let words = lines.first?.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false) ?? []
            let status = Int(words.dropFirst().first ?? "") ?? 0
            let (body, isComplete) = body(status, headers, isHead)
            return Response(
                status: status, reason: String(words.dropFirst(2).first ?? ""), headers: headers, body: body,
                isComplete: isComplete)
        }
    }

    private func body(_ status: Int, _ headers: HTTPHeaders, _ isHead: Bool) -> ([UInt8], Bool) {
        if isHead || status < 200 || status == 204 || status == 304 { return ([], true) }
        if headers["Transfer-Encoding"] == "chunked" { return chunkedBody() }
        if let length = headers["Content-Length"].flatMap(Int.init) {
            while received.withLock({ $0.count }) < length, more() {}
            let bytes = take(length)
            return (bytes, bytes.count == length)
        }
        while more() {}
        return (take(.max), true)
    }

    private func chunkedBody() -> ([UInt8], Bool) {
        var body: [UInt8] = []
        while let end = position(of: [13, 10]) {
            let line = take(end + 2).dropLast(2)
            guard let size = Int(String(decoding: line, as: UTF8.self), radix: 16) else { return (body, false) }
            while received.withLock({ $0.count }) < size + 2, more() {}
            let chunk = take(size + 2)
            guard chunk.count == size + 2 else { return (body + chunk, false) }
            if size == 0 { return (body, true) }
            body.append(contentsOf: chunk.dropLast(2))
        }
        return (body + take(.max), false)
    }

    private func position(of pattern: [UInt8]) -> Int? {
        var from = 0
        while true {
            let found = received.withLock { bytes -> Int? in
                guard bytes.count >= pattern.count else { return nil }
                return (from...(bytes.count - pattern.count)).first { bytes[$0..<$0 + pattern.count].elementsEqual(pattern) }
            }
            if let found { return found }
            from = max(0, received.withLock { $0.count } - pattern.count + 1)
            guard more() else { return nil }
        }
    }

    private func take(_ count: Int) -> [UInt8] {
        received.withLock { bytes in
            let taken = Array(bytes.prefix(count))
            bytes.removeFirst(taken.count)
            return taken
        }
    }

    private func more() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        received.withLock { $0.append(contentsOf: buffer.prefix(count)) }
        return true
    }
}
