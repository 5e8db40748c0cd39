internal import CZlib

/// Takes gzip, zlib or plain deflate off a stream of bytes, piece by piece, and knows whether the stream came to its end.
public final class InflateStream {
    /// Content codings by their names in HTTP (RFC 9110, 8.4.1).
    public enum Coding { case gzip, deflate }

    /// What is wrong with the bytes.
    public enum Failure: Error {
        /// They are not of the coding, or go on behind its end.
        case damaged
        /// There is no memory.
        case exhausted
    }

    // zlib keeps the address of its stream: it must not move.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let coding: Coding
    private var isReady = false
    private var isAtEnd = false
    private var hasBegun = false
    private var piece = [UInt8](repeating: 0, count: 65_536)

    public init(_ coding: Coding) {
        self.coding = coding
        stream.initialize(to: z_stream())
    }

    deinit {
        if isReady { inflateEnd(stream) }
        stream.deallocate()
    }

    /// Whether what came so far is whole: nothing at all, or complete streams.
    public var isWhole: Bool { !hasBegun || isAtEnd }

    /// Decodes more bytes. `take` gets the content in pieces of at most 64 KiB and says whether to go on.
    ///
    /// - Throws: `Failure`.
    public func feed(_ bytes: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer) -> Bool) throws(Failure) {
        guard let first = bytes.first else { return }
        if !isReady { try begin(first) }
        hasBegun = true
        var offset = 0
        while offset < bytes.count {
            if isAtEnd { try restart(bytes[offset]) }
            let (status, used, made) = step(bytes, from: offset)
            offset += used
            if made > 0, !piece.withUnsafeBytes({ take(UnsafeRawBufferPointer(rebasing: $0[..<made])) }) { return }
            if status == Z_STREAM_END {
                isAtEnd = true
            } else if status == Z_MEM_ERROR {
                throw .exhausted
            } else if status != Z_OK && status != Z_BUF_ERROR || used == 0 && made == 0 {
                throw .damaged
            }
            // A full piece may have more behind it although the input is used up.
            if offset == bytes.count, made == piece.count, status != Z_STREAM_END { try drain(take) }
        }
    }

    private func drain(_ take: (UnsafeRawBufferPointer) -> Bool) throws(Failure) {
        while true {
            let (status, _, made) = step(UnsafeRawBufferPointer(start: nil, count: 0), from: 0)
            if made > 0, !piece.withUnsafeBytes({ take(UnsafeRawBufferPointer(rebasing: $0[..<made])) }) { return }
            if status == Z_STREAM_END { isAtEnd = true }
            guard status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END else { throw .damaged }
            if made < piece.count { return }
        }
    }

    /// `deflate` is zlib by its definition (RFC 9110, 8.4.1.2) and plain deflate with some servers; the first byte tells.
    private func begin(_ first: UInt8) throws(Failure) {
        let isWrapped = coding == .gzip || first & 0x0F == 8 && first >> 4 <= 7
        let status = isWrapped ? save_inflate_init_gzip_or_zlib(stream) : save_inflate_init_raw(stream)
        guard status == Z_OK else { throw .exhausted }
        isReady = true
    }

    /// RFC 1952, 2.2: members of gzip may follow each other.
    private func restart(_ first: UInt8) throws(Failure) {
        guard first == 0x1F, inflateReset(stream) == Z_OK else { throw .damaged }
        isAtEnd = false
    }

    private func step(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> (status: Int32, used: Int, made: Int) {
        let count = min(bytes.count - offset, 1 << 20)
        return piece.withUnsafeMutableBufferPointer { target in
            // SAFETY: zlib only reads from `next_in`; the pointers are used within this call only.
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: bytes.baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt8.self))
            stream.pointee.avail_in = UInt32(count)
            stream.pointee.next_out = target.baseAddress
            stream.pointee.avail_out = UInt32(target.count)
            let status = inflate(stream, Z_NO_FLUSH)
            return (status, count - Int(stream.pointee.avail_in), target.count - Int(stream.pointee.avail_out))
        }
    }
}
