internal import SaveDigest

/// A page as it is sent.
struct Rendering: Sendable {
    let document: Document
    let compressed: [UInt8]?
    /// One tag for each representation and encoding: the digest of what is sent, and of its type, since two types may be sent
    /// as the same bytes.
    let etag: String

    init(document: Document, compressed: [UInt8]?) {
        self.document = document
        self.compressed = compressed
        let type = Digest.hex(Array(document.type.value.utf8)).prefix(8)
        etag = "\"\(Digest.hex(document.bytes).prefix(32))-\(type)\(compressed == nil ? "" : "-gzip")\""
    }

    var bytes: [UInt8] { compressed ?? document.bytes }
}

/// When a page became what it is, as far as this process has seen it: made anew with the same content, it keeps its time.
struct LastChange {
    let time: Timestamp
    /// The time, where it tells this content from the one before. Two pages made within one second have the same
    /// `Last-Modified` (RFC 9110, 8.8.2.2), so only their tags tell whether a copy is current.
    let validator: Timestamp?

    init(to etag: String, at now: Timestamp, after previous: CachedAnswer?) {
        guard let previous, let before = previous.response.headers["last-modified"].flatMap(Timestamp.init(httpDate:)) else {
            (time, validator) = (now, now)
            return
        }
        if previous.etag == etag {
            (time, validator) = (before, previous.lastModified)
        } else {
            (time, validator) = (now, now.seconds == before.seconds ? nil : now)
        }
    }
}
