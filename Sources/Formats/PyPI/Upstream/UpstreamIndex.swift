internal import SavePlatform

/// What we ask of an upstream index, and how its answers are read.
enum UpstreamIndex {
    /// As pip asks: JSON first, HTML where there is nothing better. No server that pip can use has a problem with it.
    static let accept =
        "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
    /// The decoded size of a project's page, in bytes. The largest known page has about 20 MB.
    static let maxPageBytes: Int64 = 64 << 20
    /// The decoded size of a root index, in bytes. The public one has over 40 MB.
    static let maxRootBytes: Int64 = 128 << 20
    /// How much of a root index is read to see that there is one, in bytes.
    private static let probeSize: Int64 = 64 << 10

    /// The setting `index_path`: a path below the remote URL, empty for the remote URL itself.
    ///
    /// - Throws: `invalidRequest` for anything else.
    static func path(_ setting: JSONValue) throws -> String {
        let refusal = SaveError.invalid(
            "settings",
            "'index_path' must be a path below remote_url, such as simple/ or +simple/, or empty for remote_url itself")
        guard let text = setting.string, text.utf8.count <= 1024 else { throw refusal }
        if text.utf8.isEmpty { return "" }
        // A base that cannot be left by a scheme, a host, a query or dots.
        let here = "http://h/x/"
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }),
            !text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropLast().contains(
                where: \.isEmpty),
            let url = URLReference.resolve("./" + text, against: here),
            url.utf8.elementsEqual((here + text).utf8)
        else { throw refusal }
        return text.utf8.last == UInt8(ascii: "/") ? text : text + "/"
    }

    static func request(for target: UpstreamTarget, base: String, indexPath: String? = nil) throws -> UpstreamRequest {
        if let page = FlatPage.url(base), case .index = target {
            return UpstreamRequest(url: page, accept: accept, maxSize: maxRootBytes)
        }
        let base = try URLReference.directory(base)
        switch target {
        case .index(.root):
            return UpstreamRequest(url: base, accept: accept, maxSize: maxRootBytes)
        case .index(.package(let package)):
            guard ProjectName.normalized(package.name) == package else {
                throw SaveError(.packageNotFound, "there is no such package: check the name")
            }
            return UpstreamRequest(url: "\(base)\(package.name)/", accept: accept, maxSize: maxPageBytes)
        case .probe(let attempt):
            let places = indexPath.map { [base + $0] } ?? candidates(base)
            guard places.indices.contains(attempt) else { throw SaveError.unsupported("more places to look") }
            var request = UpstreamRequest(
                url: places[attempt], accept: accept, maxSize: probeSize, resolvedBase: places[attempt])
            request.isCertain = indexPath != nil
            return request
        // A file's place is what its project's page says, never what its path here looks like.
        case .asset, .index(.directory), .index(.custom), .index(.document), .index(.search):
            throw SaveError.unsupported("such a request to an upstream")
        }
    }

    /// Where the index may be: a base that names it is taken at its word, so that no `simple/simple/` comes about; else
    /// below the base, as most servers have it or as devpi does, else the base itself.
    private static func candidates(_ base: String) -> [String] {
        let last = base.utf8.dropLast().split(separator: UInt8(ascii: "/")).last
        if let last, last.elementsEqual("simple".utf8) || last.elementsEqual("+simple".utf8) { return [base] }
        return [base + "simple/", base + "+simple/", base]
    }

    private static let gzipMagic: [UInt8] = [0x1F, 0x8B]
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The document without a byte order mark, which static files may begin with.
    private static func readable(_ document: UpstreamDocument) throws -> UpstreamDocument {
        if document.bytes.starts(with: gzipMagic) {
            throw SaveError(
                .upstreamInvalid, "the upstream's index is compressed without saying so: check what is in front of it")
        }
        guard document.bytes.starts(with: byteOrderMark) else { return document }
        return UpstreamDocument(
            url: document.url, contentType: document.contentType, bytes: Array(document.bytes.dropFirst(3)),
            isWhole: document.isWhole)
    }

    /// - Throws: `upstreamInvalid` for what is not an index.
    static func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        let document = try readable(document)
        let type = document.contentType.map { MediaType($0) }
        switch index {
        case .root, .package: break
        case .directory, .custom, .document, .search: throw SaveError.unsupported("such an upstream index")
        }
        return switch try kind(type, first: document.bytes.first { $0 > 0x20 }) {
        case .json: try UpstreamJSON.listing(document, index)
        case .html: try UpstreamHTML.listing(document, index)
        }
    }

    /// A root index in a file. JSON, which the large ones are, is read piece by piece.
    ///
    /// - Throws: `upstreamInvalid` for what is not an index.
    static func root(from file: FileBytes, url: String, contentType: String?) throws -> Listing {
        let head = try file.read(at: 0, count: 4096)
        let start = head.starts(with: byteOrderMark) ? Int64(byteOrderMark.count) : 0
        if !head.starts(with: gzipMagic),
            try kind(contentType.map { MediaType($0) }, first: head.dropFirst(Int(start)).first { $0 > 0x20 }) == .json
        {
            return try UpstreamJSON.root(file, from: start)
        }
        let bytes = try file.read(at: 0, count: Int(clamping: file.size))
        return try listing(from: UpstreamDocument(url: url, contentType: contentType, bytes: bytes), for: .root)
    }

    private enum Kind {
        case json, html
    }

    /// - Parameter first: the first byte of the document that is no white space.
    /// - Throws: `upstreamInvalid` for what is not an index.
    private static func kind(_ type: MediaType?, first: UInt8?) throws -> Kind {
        switch type?.essence {
        case SimpleType.json.essence: return .json
        case SimpleType.html.essence, SimpleType.text.essence, "application/xhtml+xml": return .html
        // Static file servers know neither type; what the document begins with does.
        case nil, "application/json", "text/plain", "application/octet-stream", "binary/octet-stream":
            if first == UInt8(ascii: "{") { return .json }
            if first == UInt8(ascii: "<") { return .html }
            fallthrough
        default:
            throw SaveError(
                .upstreamInvalid, "the upstream sent \(type?.essence ?? "no type"), which is not an index: check remote_url")
        }
    }
}
