internal import FoundationEssentials
internal import Glibc
internal import SaveDigest

/// The digests that a client says its upload has. What arrives with other digests is refused: it was damaged on its way, or is
/// another file than was meant.
///
/// Two kinds of fields. `Content-Digest`, `Repr-Digest` (RFC 9530; content codings are not taken, so that both mean the same),
/// `Digest` (RFC 3230) and `Content-MD5` (RFC 1864) are about the body as it is sent. `X-Checksum-Sha256` and the like, which deploy tools
/// send, are about the file, which in a form or in JSON is a part of the body.
package struct ClaimedDigests: Sendable {
    /// What one field says.
    package struct Claim: Sendable, Equatable {
        package let field: String
        package let checksum: Checksum
    }

    /// About the body.
    package private(set) var body: [Claim] = []
    /// About the file.
    package private(set) var file: [Claim] = []

    private static let checksumFields: [(String, DigestAlgorithm)] = [
        ("X-Checksum-Md5", .md5), ("X-Checksum-Sha1", .sha1), ("X-Checksum-Sha256", .sha256), ("X-Checksum-Sha512", .sha512),
    ]

    /// Names of RFC 9530, 7.2 and RFC 3230, 4.1.1, in small letters. Others are ignored, as 9530 has it.
    private static let algorithms: [String: DigestAlgorithm] = [
        "sha-256": .sha256, "sha-512": .sha512, "sha": .sha1, "md5": .md5,
    ]

    /// What header fields say.
    ///
    /// - Throws: `invalidRequest` naming a field that is malformed.
    package init(_ headers: HTTPHeaders) throws {
        for (field, algorithm) in Self.checksumFields {
            for value in headers.values(of: field) {
                guard let checksum = Checksum(algorithm, hex: value) else {
                    throw SaveError.invalid(field, "\(field): must be \(algorithm.byteCount * 2) hexadecimal digits")
                }
                file.append(Claim(field: field, checksum: checksum))
            }
        }
        for value in headers.values(of: "Content-MD5") {
            guard let claim = Self.claim("Content-MD5", .md5, base64: value.utf8[...]) else {
                throw SaveError.invalid("Content-MD5", "Content-MD5: must be the 16 bytes of an MD5 in Base64")
            }
            body.append(claim)
        }
        for field in ["Content-Digest", "Repr-Digest"] { body += try Self.dictionary(field, headers) }
        body += try Self.list("Digest", headers)
    }

    /// Says nothing.
    package var isEmpty: Bool { body.isEmpty && file.isEmpty }

    /// The same bytes; at their end those with other digests than were claimed throw, as often as the end is asked for.
    ///
    /// - Parameter isFile: whether the bytes are the file, so that what is said of the file holds for them.
    package func checking(_ stream: ByteStream, isFile: Bool = false) -> ByteStream {
        let claims = isFile ? body + file : body
        guard !claims.isEmpty else { return stream }
        let checked = CheckedBody(stream, claims)
        return ByteStream(length: stream.length) { try await checked.next() }
    }

    /// - Parameter checksums: the file's own, by all algorithms that are claimed.
    /// - Throws: `digestMismatch`.
    package func check(file checksums: [Checksum]) throws {
        for claim in file { try Self.check(claim, checksums) }
    }

    fileprivate static func check(_ claim: Claim, _ checksums: [Checksum]) throws {
        guard let actual = checksums[claim.checksum.algorithm] else {
            throw SaveError(.internalFailure, "a digest was not computed that a client claims")
        }
        guard actual == claim.checksum else {
            throw SaveError(
                .digestMismatch,
                "\(claim.field): what arrived has the \(actual.algorithm.rawValue) \(actual.hex), not \(claim.checksum.hex): nothing was kept; send it again",
                details: ["field": claim.field])
        }
    }

    // MARK: - Fields

    private static func claim(_ field: String, _ algorithm: DigestAlgorithm, base64: Substring.UTF8View) -> Claim? {
        guard let digest = Data(base64Encoded: String(Substring(base64))),
            let checksum = Checksum(algorithm, hex: Hex.encode([UInt8](digest)))
        else { return nil }
        return Claim(field: field, checksum: checksum)
    }

    /// A dictionary of byte sequences (RFC 8941, 3.2 and 3.3.5): `sha-256=:<base64>:, sha-512=:<base64>:`.
    private static func dictionary(_ field: String, _ headers: HTTPHeaders) throws -> [Claim] {
        try members(field, headers).compactMap { name, value in
            var value = value
            // Parameters say nothing about the bytes. Base64 has no semicolon.
            if let semicolon = value.firstIndex(of: UInt8(ascii: ";")) { value = trimmed(value[..<semicolon]) }
            guard value.count >= 2, value.first == UInt8(ascii: ":"), value.last == UInt8(ascii: ":") else {
                throw malformed(field, "sha-256=:<Base64>:")
            }
            guard let algorithm = algorithms[name] else { return nil }
            guard let claim = claim(field, algorithm, base64: value.dropFirst().dropLast()) else {
                throw malformed(field, "sha-256=:<Base64>:")
            }
            return claim
        }
    }

    /// `SHA-256=<base64>,MD5=<base64>`.
    private static func list(_ field: String, _ headers: HTTPHeaders) throws -> [Claim] {
        try members(field, headers).compactMap { name, value in
            guard let algorithm = algorithms[name] else { return nil }
            guard let claim = claim(field, algorithm, base64: value) else { throw malformed(field, "sha-256=<Base64>") }
            return claim
        }
    }

    /// Names, in small letters, and what stands behind their first equals sign. Neither Base64 nor a name has a comma.
    private static func members(
        _ field: String, _ headers: HTTPHeaders
    ) throws -> [(name: String, value: Substring.UTF8View)] {
        try headers.values(of: field).flatMap { text in
            try text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { member in
                let member = trimmed(member)
                guard let equals = member.firstIndex(of: UInt8(ascii: "=")), equals > member.startIndex else {
                    throw malformed(field, field == "Digest" ? "sha-256=<Base64>" : "sha-256=:<Base64>:")
                }
                return (ASCII.lowercased(String(Substring(member[..<equals]))), member[member.index(after: equals)...])
            }
        }
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var text = text.drop { $0 == 0x20 || $0 == 0x09 }
        while let last = text.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
        return text
    }

    private static func malformed(_ field: String, _ form: String) -> SaveError {
        SaveError.invalid(field, "\(field): must be of the form \(form), several with commas between")
    }
}

/// A body whose digests are computed while it is read.
private actor CheckedBody {
    private let source: ByteStream
    private let claims: [ClaimedDigests.Claim]
    private let digests: [StreamingDigest]
    private var end: Result<Void, any Error>?

    init(_ source: ByteStream, _ claims: [ClaimedDigests.Claim]) {
        self.source = source
        self.claims = claims
        digests = Set(claims.map(\.checksum.algorithm)).map { StreamingDigest($0) }
    }

    func next() async throws -> [UInt8]? {
        if let end {
            try end.get()
            return nil
        }
        if let bytes = try await source.next() {
            for digest in digests { digest.update(bytes) }
            return bytes
        }
        let checksums = digests.compactMap { Checksum($0.algorithm, hex: Hex.encode($0.finish())) }
        let result = Result { try claims.forEach { try ClaimedDigests.check($0, checksums) } }
        end = result
        try result.get()
        return nil
    }
}
