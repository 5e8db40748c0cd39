internal import CMicrohttpd
internal import Glibc
internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// Answers what the library refuses itself, which it would do with a page of HTML: a request line, a field or a chunk that is
/// none, and what is larger than its memory.
func answerRefusal(handle: OpaquePointer?, status: UInt32) -> Int32 {
    guard let handle, let pointer = save_mhd_socket_context(handle) else { return 0 }
    // SAFETY: a connection is retained from its start to its close.
    let connection = Unmanaged<Connection>.fromOpaque(pointer).takeUnretainedValue()
    let response = HTTPResponse.refusal(Int(status), refusalLine(status, isBody: connection.phase.phase == .body))
    guard let ready = try? ReadyResponse.make(response, closes: true) else { return 0 }
    connection.refusedBody.store(true, ordering: .relaxed)
    connection.refusedStatus.store(Int(status), ordering: .relaxed)
    connection.enter(.sending)
    return ready.queue(on: handle, status: Int(status), reason: response.reason) == .YES ? 1 : 0
}

private func refusalLine(_ status: UInt32, isBody: Bool) -> String {
    switch status {
    case 400 where isBody: "the chunked body is malformed: each chunk is its size in hexadecimal, CRLF, its bytes, CRLF"
    case 400: "the request is malformed: it is a request line and header fields, each of which CRLF ends"
    case 413: "the body is too large: the size of a chunk has too many digits"
    case 414: "the request line is too long: shorten the URL"
    case 431: "the header section is too large: send fewer or shorter fields"
    case 505: "this version of the protocol is not supported: use version 1.1 of HTTP"
    default: "the request could not be read: send it again"
    }
}
