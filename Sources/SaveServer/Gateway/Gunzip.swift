internal import SaveCompression
internal import SavePlatform

/// Takes gzip off the body of a request (RFC 9110, 8.4.1.3).
enum Gunzip {
    /// - Parameter limit: bytes that may come out, however few went in.
    /// - Returns: nil for bytes that are damaged or not of that coding.
    /// - Throws: `tooLarge`, `busy` where there is no memory.
    @Sendable static func plain(_ bytes: [UInt8], limit: Int) throws -> [UInt8]? {
        guard bytes.starts(with: [0x1F, 0x8B]) else { return nil }
        let stream = InflateStream(.gzip)
        var plain: [UInt8] = []
        var isTooLarge = false
        var failure: InflateStream.Failure?
        bytes.withUnsafeBytes { packed in
            do throws(InflateStream.Failure) {
                try stream.feed(packed) { piece in
                    isTooLarge = piece.count > limit - plain.count
                    if !isTooLarge { plain.append(contentsOf: piece) }
                    return !isTooLarge
                }
            } catch {
                failure = error
            }
        }
        switch failure {
        case .exhausted: throw SaveError(.busy, "there is no memory to unpack the body: ask again later, or send it unpacked")
        case .damaged: return nil
        case nil: break
        }
        guard !isTooLarge else { throw SaveError(.tooLarge, "the body unpacks to more than \(limit) bytes: send less") }
        return stream.isWhole ? plain : nil
    }
}
