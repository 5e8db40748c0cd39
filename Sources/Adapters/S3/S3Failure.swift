internal import SavePlatform
internal import SaveXML

/// What an object store says that it will not do.
struct S3Failure: Error, CustomStringConvertible {
    let status: Int
    /// The store's own word, such as `SlowDown`; empty where it says none.
    let code: String
    let message: String

    /// - Parameter body: XML, or anything else.
    init(status: Int, body: [UInt8]) {
        let error = XMLElement(parsing: body)
        self.status = status
        code = error?.text(of: "Code") ?? ""
        message = error?.text(of: "Message") ?? ""
    }

    var description: String {
        "the object store answered \(status)" + (code.isEmpty ? "" : " \(code)") + (message.isEmpty ? "" : ": \(message)")
    }

    /// Whether the same request may be answered otherwise in a moment.
    var isPassing: Bool {
        switch status {
        case 429, 500, 502, 503, 504: true
        // Two writers of one key at a time, and a body that did not come in time.
        case 409: code == "ConditionalRequestConflict" || code == "OperationAborted"
        case 400: code == "RequestTimeout"
        default: false
        }
    }

    /// What the server's own callers are told. Names no key and no bucket, because clients of a server read it.
    var error: SaveError {
        let word = code.isEmpty ? "\(status)" : "\(status) \(code)"
        func unavailable(_ what: String) -> SaveError { SaveError(.storageUnavailable, what, underlying: self) }
        switch (status, code) {
        case (_, "QuotaExceeded"), (507, _):
            return SaveError(
                .storageFull, "the object store of the stored files is full (\(word)): ask an administrator to make room",
                underlying: self)
        case (_, "RequestTimeTooSkewed"):
            return unavailable("the object store's clock and the server's differ by minutes (\(word)): set both by a time server")
        case (401, _), (403, _):
            return unavailable(
                "the object store refuses the server (\(word)): check s3_access_key, s3_secret_key and s3_region, and what that account may do with the bucket"
            )
        case (_, "NoSuchBucket"):
            return unavailable("the object store has no such bucket (\(word)): check the address in `blobs`, or make the bucket")
        case (300..<400, _):
            return unavailable(
                "the object store wants to be asked elsewhere (\(word)): check s3_endpoint, s3_region and s3_path_style")
        case (404, _): return SaveError(.assetNotFound, "there is no such stored file", underlying: self)
        case (503, _), (429, _):
            return unavailable("the object store has too much to do (\(word)): ask again later")
        default: return unavailable("the object store does not do what it is asked for (\(word)): the server's log says more")
        }
    }
}
