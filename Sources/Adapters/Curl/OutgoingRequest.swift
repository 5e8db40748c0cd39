internal import Glibc
package import SavePlatform

/// A request of any method to a server that the operator named, such as an object store.
package struct OutgoingRequest: Sendable {
    package var method: HTTPMethod
    /// Absolute, http or https. Goes out byte for byte.
    package var url: String
    /// Go out as they are; `Host`, `Content-Length` and `Accept-Encoding` are added.
    package var headers: HTTPHeaders
    /// nil for a request without content.
    package var body: OutgoingBody?
    /// Bytes of the answer's body after which the transfer is cut.
    package var maxSize: Int64

    package init(
        _ method: HTTPMethod, url: String, headers: HTTPHeaders = HTTPHeaders(), body: OutgoingBody? = nil,
        maxSize: Int64 = .max
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.maxSize = maxSize
    }
}

/// What a request sends: bytes that can be read at any place, as a lost connection may want them once more.
package struct OutgoingBody: Sendable {
    package let length: Int64
    /// Reads from a place on into a buffer, which is not larger than what is left. Returns how many bytes there are; none when they
    /// cannot be read. Called on the thread that curl runs on.
    let read: @Sendable (Int64, UnsafeMutableRawBufferPointer) -> Int

    /// Bytes in memory.
    package init(_ bytes: [UInt8]) {
        length = Int64(bytes.count)
        read = { offset, buffer in
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[Int(offset)...].prefix(buffer.count)))
            }
            return buffer.count
        }
    }

    /// A part of a file, which was written a moment ago and is in memory as a rule.
    package init(_ file: OpenFile, from start: Int64, length: Int64) {
        self.length = length
        read = { offset, buffer in
            while true {
                let count = pread(file.descriptor, buffer.baseAddress, buffer.count, off_t(start + offset))
                if count >= 0 || errno != EINTR { return count }
            }
        }
    }
}
