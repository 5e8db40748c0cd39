internal import CCurl
internal import Glibc

// SAFETY: curl calls these on the curl thread, while the engine holds the transfer whose pointer the context is.

let onHeader: save_curl_receive = { bytes, size, count, context in
    guard let bytes, let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}

let onBody: save_curl_receive = { bytes, size, count, context in
    guard let bytes, let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    switch transfer.takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) {
    case .go: return size * count
    case .pause: return Int(CURL_WRITEFUNC_PAUSE)
    // Any count that is not `size * count` stops the transfer; there is always at least one byte.
    case .stop: return 0
    }
}

let onSocket: save_curl_open = { context, _, address in
    guard let context, let address else { return CURL_SOCKET_BAD }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.permits(address) ? save_curl_socket(address) : CURL_SOCKET_BAD
}

let onSend: save_curl_receive = { bytes, size, count, context in
    guard let bytes, let context else { return Int(CURL_READFUNC_ABORT) }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.takeUpload(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count)) ?? Int(CURL_READFUNC_ABORT)
}

let onSeek: save_curl_seek = { context, offset, origin in
    guard let context, origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.seek(to: Int64(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
}
