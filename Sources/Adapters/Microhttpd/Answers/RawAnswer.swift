internal import CMicrohttpd
internal import Glibc
internal import SaveHTTP
internal import SavePlatform

/// Answers written to a socket past the library, where it cannot or may not answer itself: over the connection limit,
/// after the header deadline, and while a body is still coming in. They always close the connection.
enum RawAnswer {
    static func bytes(status: Int, reason: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8]) -> [UInt8] {
        var bytes = Array("HTTP/1.1 \(status) \(reason)\r\nConnection: close\r\nContent-Length: \(body.count)\r\n".utf8)
        for (name, value) in headers.all { bytes.append(contentsOf: "\(name): \(value)\r\n".utf8) }
        bytes.append(contentsOf: "\r\n".utf8)
        bytes.append(contentsOf: body)
        return bytes
    }

    /// A refusal in a line of ASCII for people.
    static func refusal(_ status: Int, _ line: String, retryAfter: Int? = nil) -> [UInt8] {
        var response = HTTPResponse.refusal(status, line)
        if let retryAfter { response.headers.append("Retry-After", String(retryAfter)) }
        return bytes(status: status, reason: line, headers: response.headers, body: Array((line + "\n").utf8))
    }

    /// Sends what the socket takes at once; the rest is dropped.
    static func send(_ bytes: [UInt8], to descriptor: Int32) {
        bytes.withUnsafeBytes { buffer in
            _ = Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        }
    }
}
