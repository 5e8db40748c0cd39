internal import SaveDigest
package import SavePlatform

/// What formats are asked most, with what the compiler cannot check in their answers: whatever a format gives, nobody is led to
/// another host, and nothing is held that no honest answer is as large as.
extension IsolatedFormat<any RepositoryFormat> {
    package func route(_ request: FormatRequest) async throws -> Route {
        try await ask { try $0.route(request).verified() }
    }

    /// The format's reading of an upload. It may block on the format's own threads, where archives are read.
    package func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        guard isLoaded else { return try await perform { try await $0.receive(upload, into: staging).verified() } }
        let staging = InspectedInPlace(staging: staging)
        return try await perform { try await $0.receive(upload, into: staging).verified() }
    }

    package func upstreamRequest(for target: UpstreamTarget, base: String) async throws -> UpstreamRequest {
        try await ask { try $0.upstreamRequest(for: target, base: base) }
    }

    /// - Parameter pool: where a format runs that is compiled in.
    package func listing(from document: UpstreamDocument, for index: IndexKey, on pool: BlockingPool) async throws -> Listing {
        try await ask(on: pool, lasting: .reading(document.bytes.count)) { try $0.listing(from: document, for: index).verified() }
    }
}

/// Staging whose files are read on the threads of the caller that staged them, as far as these may block.
private struct InspectedInPlace: UploadStaging {
    let staging: any UploadStaging

    func stage(_ body: ByteStream, computing algorithms: [DigestAlgorithm]) async throws -> StagedFile {
        try await staging.stage(body, computing: algorithms).inspectedInPlace
    }
}

extension Document {
    /// Bytes of a document that a format gives at once. Known routes are remembered, and such a document with its route.
    private static let maxBytesAtOnce = 1 << 20

    /// - Throws: `internalFailure` for one that is made in pieces, or too large.
    fileprivate func verifyIsSmall(_ what: String) throws {
        guard case .bytes(let bytes) = content, bytes.count <= Self.maxBytesAtOnce else {
            throw SaveError(.internalFailure, "the format's \(what) has more than \(Self.maxBytesAtOnce) bytes")
        }
    }
}

extension Submission {
    /// - Throws: `internalFailure` for what no format may answer.
    fileprivate func verified() throws -> Submission {
        try answer?.verifyIsSmall("answer to an upload")
        try action.map(Route.verify(action:))
        return self
    }
}

extension Route {
    /// - Throws: `internalFailure` for what no format may answer.
    package func verified() throws -> Route {
        switch self {
        case .redirect(let location, _) where !Self.isRelative(location):
            throw SaveError(.internalFailure, "the format would redirect to another host")
        case .staticDocument(let document): try document.verifyIsSmall("fixed document")
        case .upload(let plan), .unpublish(let plan):
            try Self.verify(plan.status, in: [200, 201, 202, 204], of: "an upload")
            try plan.action.map(Self.verify(action:))
        case .delete(_, let status): try Self.verify(status, in: [200, 202, 204], of: "a removal")
        default: break
        }
        return self
    }

    private static func verify(_ status: Int, in allowed: Set<Int>, of what: String) throws {
        guard !allowed.contains(status) else { return }
        throw SaveError(.internalFailure, "the format would answer \(what) with the status \(status)")
    }

    /// - Throws: `internalFailure` for what is no name in the audit trail: `^[a-z][a-z_]{0,31}$`.
    fileprivate static func verify(action: String) throws {
        let bytes = action.utf8
        let isLetter = { (byte: UInt8) in (97...122).contains(byte) }
        guard bytes.first.map(isLetter) ?? false, bytes.count <= 32,
            bytes.allSatisfy({ isLetter($0) || $0 == UInt8(ascii: "_") })
        else { throw SaveError(.internalFailure, "the format calls a change what is no name in the audit trail") }
    }

    /// Whether a location stays on the host that was asked: neither a scheme nor an authority (RFC 3986, 4.2). Browsers take a
    /// backslash for a slash.
    private static func isRelative(_ location: String) -> Bool {
        let bytes = location.utf8
        guard !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }) else { return false }
        let first = bytes.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        return !first.contains(UInt8(ascii: ":")) && !location.utf8.starts(with: "//".utf8)
    }
}

extension Listing {
    /// More than any package has, and any site has packages. Records of files take about two kilobytes each.
    private static let maxFiles = 500_000
    private static let maxPackages = 20_000_000

    /// - Throws: `upstreamInvalid` for more than is believable.
    package func verified() throws -> Listing {
        guard assets.count <= Self.maxFiles, directories.count <= Self.maxFiles, packages.count <= Self.maxPackages else {
            throw SaveError(
                .upstreamInvalid,
                "the upstream's index lists more than \(Self.maxFiles) files or \(Self.maxPackages) packages: check remote_url")
        }
        return self
    }
}
