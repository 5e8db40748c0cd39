internal import CZlib

/// gzip (RFC 1952) of bytes as they come.
package final class GzipStream {
    /// There is no memory.
    package struct Exhausted: Error {}

    // zlib keeps the address of its stream: it must not move.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var piece = [UInt8](repeating: 0, count: 65_536)

    /// - Parameter level: 1, fast, to 9, small.
    /// - Returns: nil when there is no memory for it.
    package init?(level: Int) {
        stream.initialize(to: z_stream())
        guard save_deflate_init_gzip(stream, Int32(min(9, max(1, level)))) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// What can be sent after more bytes, at most 2 GiB; may be empty. Without bytes, all that is left.
    package func compress(_ bytes: [UInt8]?) throws(Exhausted) -> [UInt8] {
        var output: [UInt8] = []
        let flush = bytes == nil ? Z_FINISH : Z_NO_FLUSH
        var offset = 0
        let input = bytes ?? []
        while true {
            let (status, used, made) = step(input, from: offset, flush)
            guard status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END else { throw Exhausted() }
            offset += used
            output.append(contentsOf: piece.prefix(made))
            // Where the piece is not full, zlib has taken all and has nothing more to give.
            if status == Z_STREAM_END || made < piece.count { return output }
        }
    }

    private func step(_ input: [UInt8], from offset: Int, _ flush: Int32) -> (status: Int32, used: Int, made: Int) {
        input.withUnsafeBufferPointer { source in
            piece.withUnsafeMutableBufferPointer { target in
                // SAFETY: zlib only reads from `next_in`; the pointers are used within these closures only.
                let count = source.count - offset
                stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.advanced(by: offset))
                stream.pointee.avail_in = UInt32(clamping: count)
                stream.pointee.next_out = target.baseAddress
                stream.pointee.avail_out = UInt32(target.count)
                let given = Int(stream.pointee.avail_in)
                let status = deflate(stream, flush)
                return (status, given - Int(stream.pointee.avail_in), target.count - Int(stream.pointee.avail_out))
            }
        }
    }
}
