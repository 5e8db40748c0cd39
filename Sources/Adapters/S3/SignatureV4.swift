internal import SaveDigest
package import SavePlatform

/// What signs requests to an object store, as AWS Signature Version 4 says
/// (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html).
///
/// libcurl has a signer as well. What it signs is not always what it sends: some paths, queries without values and names of fields
/// come out wrong, and differently in each version.
package struct SignatureV4: Sendable {
    /// Names the account to a store. The secret never goes out.
    package struct Credentials: Sendable, Equatable {
        package let accessKey: String
        package let secretKey: String

        package init(accessKey: String, secretKey: String) {
            self.accessKey = accessKey
            self.secretKey = secretKey
        }
    }

    /// What is signed of a request.
    package struct Request: Sendable {
        package var method: String
        /// As `Host` has it: with the port where that is not the scheme's own.
        package var host: String
        /// From the root, not percent-encoded.
        package var path: String
        /// Names and values, not percent-encoded.
        package var query: [(name: String, value: String)]
        /// Fields that are signed besides those that the signer adds.
        package var headers: [(name: String, value: String)]

        package init(
            method: String, host: String, path: String, query: [(name: String, value: String)] = [],
            headers: [(name: String, value: String)] = []
        ) {
            self.method = method
            self.host = host
            self.path = path
            self.query = query
            self.headers = headers
        }

        /// Path and query as they go out.
        package var target: String {
            let query = canonicalQuery(query)
            return Self.encoded(path, keepsSlashes: true) + (query.isEmpty ? "" : "?\(query)")
        }

        /// Pairs in the order of their bytes. A name without a value has a `=` behind it.
        fileprivate func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
            query.map { (Self.encoded($0.name), Self.encoded($0.value)) }
                .sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        }

        /// Everything but letters, digits and `-._~` as `%` and two digits (RFC 3986, 2.3).
        static func encoded(_ text: String, keepsSlashes: Bool = false) -> String {
            let digits = Array("0123456789ABCDEF".utf8)
            var bytes: [UInt8] = []
            for byte in text.utf8 {
                if ASCII.isAlphanumeric(byte) || "-._~".utf8.contains(byte) || keepsSlashes && byte == UInt8(ascii: "/") {
                    bytes.append(byte)
                } else {
                    bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// The payload of a request whose content nobody has digested.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    /// SHA-256 of no bytes.
    package static let emptyPayload = BlobDigest(of: []).hex

    private let credentials: Credentials
    private let region: String

    package init(_ credentials: Credentials, region: String) {
        self.credentials = credentials
        self.region = region
    }

    /// The fields that make a request a signed one: its own, `x-amz-date`, `x-amz-content-sha256` and `Authorization`. `Host` goes out by
    /// itself.
    ///
    /// - Parameter payload: SHA-256 of the content in hexadecimal digits, or `unsignedPayload`.
    package func signed(_ request: Request, payload: String, at moment: Timestamp) -> [(name: String, value: String)] {
        let time = Self.time(moment)
        let fields = request.headers + [("x-amz-content-sha256", payload), ("x-amz-date", time)]
        let (text, names) = canonicalHeaders(fields + [("host", request.host)])
        let signature = signature(
            request, query: request.canonicalQuery(request.query), headers: text, names: names, payload: payload, time: time)
        let scope = scope(time)
        return fields + [
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
            )
        ]
    }

    /// A path with a query that lets anybody make a request without a signature of their own, for a while.
    ///
    /// - Parameter lifetime: seconds, at most a week.
    package func presigned(_ request: Request, lifetime: Int64, at moment: Timestamp) -> String {
        let time = Self.time(moment)
        let (text, names) = canonicalHeaders(request.headers + [("host", request.host)])
        var signed = request
        signed.query += [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", "\(credentials.accessKey)/\(scope(time))"),
            ("X-Amz-Date", time), ("X-Amz-Expires", String(lifetime)), ("X-Amz-SignedHeaders", names),
        ]
        let signature = signature(
            request, query: signed.canonicalQuery(signed.query), headers: text, names: names, payload: Self.unsignedPayload,
            time: time)
        return signed.target + "&X-Amz-Signature=\(signature)"
    }

    // MARK: - Parts

    private func signature(
        _ request: Request, query: String, headers: String, names: String, payload: String, time: String
    ) -> String {
        // The path of an object is encoded once; services other than S3 want it twice.
        let path = Request.encoded(request.path, keepsSlashes: true)
        let canonical = "\(request.method)\n\(path)\n\(query)\n\(headers)\n\(names)\n\(payload)"
        let toSign = "AWS4-HMAC-SHA256\n\(time)\n\(scope(time))\n\(Digest.hex(Array(canonical.utf8)))"
        var key = Array("AWS4\(credentials.secretKey)".utf8)
        for part in [String(time.prefix(8)), region, "s3", "aws4_request"] {
            key = Secrets.hmacSHA256(key: key, Array(part.utf8))
        }
        return Hex.encode(Secrets.hmacSHA256(key: key, Array(toSign.utf8)))
    }

    private func scope(_ time: String) -> String { "\(time.prefix(8))/\(region)/s3/aws4_request" }

    /// A line for each name, and the names: in small letters, in order, and white space as one blank.
    private func canonicalHeaders(_ headers: [(name: String, value: String)]) -> (text: String, names: String) {
        var values: [String: [String]] = [:]
        for (name, value) in headers {
            let words = value.utf8.split { $0 == 0x20 || (0x09...0x0D).contains($0) }
            values[ASCII.lowercased(name), default: []].append(
                words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
        }
        let names = values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return (
            names.map { "\($0):\(values[$0, default: []].joined(separator: ","))\n" }.joined(),
            names.joined(separator: ";")
        )
    }

    /// `20260102T030405Z`.
    private static func time(_ moment: Timestamp) -> String {
        String(decoding: moment.rfc3339.utf8.prefix(19).filter { $0 != 0x2D && $0 != 0x3A }, as: UTF8.self) + "Z"
    }
}
