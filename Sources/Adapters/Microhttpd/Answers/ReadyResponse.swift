internal import CMicrohttpd
internal import CMicrohttpdHooks
internal import Glibc
internal import SaveHTTP
internal import SavePlatform

/// The library's form of a response. Reference-counted by the library; may be queued on many connections.
final class ReadyResponse: Sendable {
    // SAFETY: the library counts references atomically and never changes a response that has been queued, except
    // under the response's own lock.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Takes over one reference.
    init(adopting handle: OpaquePointer) { self.handle = handle }

    deinit { MHD_destroy_response(handle) }

    /// Gives it as the answer to the request that is being handled. On the connection's own thread only.
    ///
    /// - Parameter reason: What the status line says; nil for what the status says by itself.
    func queue(on connection: OpaquePointer, status: Int, reason: ArraySlice<UInt8>?) -> MHD_Result {
        guard let reason else {
            return save_mhd_queue(connection, UInt32(clamping: status), handle, nil, 0) == 0 ? .NO : .YES
        }
        return reason.withUnsafeBytes { bytes in
            let text = bytes.bindMemory(to: CChar.self).baseAddress
            return save_mhd_queue(connection, UInt32(clamping: status), handle, text, bytes.count) == 0 ? .NO : .YES
        }
    }

    /// Why there is no response. The code that finds out says so: by the time it is read, `errno` is about another call.
    enum Failure: Error {
        case noDescriptors
        /// A field must not be sent, the file is shorter than what is to be sent of it, or memory is short.
        case impossible
    }

    /// Makes a response without a stream.
    ///
    /// - Parameter isKept: The response lives as long as its file, whose descriptor it takes over where it can.
    static func make(_ response: HTTPResponse, closes: Bool, isKept: Bool = false) throws(Failure) -> ReadyResponse {
        if isKept, case .file(let file, let offset, let length) = response.body, length > 0, file.holds(offset, length) {
            let made = file.handOver { descriptor in
                save_mhd_file_response(UInt64(length), descriptor, UInt64(offset)).map(
                    ReadyResponse.init(adopting:))
            }
            if let made { return try made.with(response.headers, closes: closes) }
        }
        let handle: OpaquePointer?
        switch response.body {
        case .empty, .stream: handle = MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT)
        case .bytes(let bytes):
            handle = bytes.withUnsafeBytes { buffer in
                // SAFETY: the library copies the bytes; it does not write to them.
                MHD_create_response_from_buffer(
                    buffer.count, UnsafeMutableRawPointer(mutating: buffer.baseAddress), .RESPMEM_MUST_COPY)
            }
        case .file(let file, let offset, let length): handle = try fileHandle(file, offset: offset, length: length)
        }
        guard let handle else { throw .impossible }
        return try finish(handle, response.headers, closes: closes)
    }

    /// Makes a response whose body `exchange` feeds.
    static func make(
        _ response: HTTPResponse, length: Int64?, from exchange: Exchange, closes: Bool
    ) throws(Failure) -> ReadyResponse {
        let size = length.map { UInt64(clamping: $0) } ?? UInt64.max
        let context = Unmanaged.passRetained(exchange)
        let handle = MHD_create_response_from_callback(size, 65_536, readStream, context.toOpaque(), releaseExchange)
        guard let handle else {
            context.release()
            throw .impossible
        }
        return try finish(handle, response.headers, closes: closes)
    }

    private static func fileHandle(_ file: OpenFile, offset: Int64, length: Int64) throws(Failure) -> OpaquePointer? {
        guard file.holds(offset, length) else { throw .impossible }
        if length == 0 { return MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT) }
        let copy = fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
        // fcntl(2): what F_DUPFD_CLOEXEC can fail with, of a descriptor that is open.
        guard copy >= 0 else { throw .noDescriptors }
        let handle = save_mhd_file_response(UInt64(length), copy, UInt64(offset))
        if handle == nil { close(copy) }
        return handle
    }

    private static func finish(_ handle: OpaquePointer, _ headers: HTTPHeaders, closes: Bool) throws(Failure) -> ReadyResponse {
        try ReadyResponse(adopting: handle).with(headers, closes: closes)
    }

    private func with(_ headers: HTTPHeaders, closes: Bool) throws(Failure) -> ReadyResponse {
        for (name, value) in headers.all {
            guard !name.isEmpty, name.utf8.allSatisfy(FieldReader.isToken),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else { throw .impossible }
            switch ASCII.lowercased(name) {
            // The framing is the library's.
            case "content-length", "transfer-encoding", "connection", "date": continue
            default: break
            }
            if value.isEmpty { continue }
            guard MHD_add_response_header(handle, name, value) == .YES else { throw .impossible }
        }
        if closes { MHD_add_response_header(handle, "Connection", "close") }
        return self
    }
}

extension OpenFile {
    fileprivate func holds(_ offset: Int64, _ length: Int64) -> Bool {
        offset >= 0 && length >= 0 && offset <= size && length <= size - offset
    }
}

extension HTTPResponse {
    /// What a refusal says on its status line: visible ASCII, at most 200 bytes; nil for every other answer.
    var reason: ArraySlice<UInt8>? {
        guard status >= 400, let line = headers.bytes(of: RefusalLine.field), line.count <= RefusalLine.maxBytes,
            line.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
        else { return nil }
        return line
    }
}

private let endOfStream = -1
private let endWithError = -2

private func readStream(
    context: UnsafeMutableRawPointer?, position: UInt64, buffer: UnsafeMutablePointer<CChar>?, size: Int
) -> Int {
    guard let context, let buffer else { return endWithError }
    // SAFETY: the response holds a reference to the exchange until `releaseExchange`.
    let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
    switch exchange.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size)) {
    case .bytes(let count): return count
    case .later: return 0
    case .end: return endOfStream
    case .failed: return endWithError
    }
}

private func releaseExchange(context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    // SAFETY: balances `passRetained` in `make`; the library calls this once.
    Unmanaged<Exchange>.fromOpaque(context).release()
}
