public import SavePlatform

extension CargoFormat {
    /// Bytes of a crate's file in an upstream's index. The largest public ones have some two million.
    private static let maxIndexBytes: Int64 = 32 << 20
    /// Bytes of an upstream's answer to a search.
    private static let maxSearchBytes: Int64 = 4 << 20

    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        let url = try URLReference.directory(base)
        switch target {
        case .index(let index):
            guard case .package(let package) = index else { throw SaveError.unsupported("lists of an upstream's crates") }
            let places = CrateName.spellings(of: package).map { url + $0.indexPath.joined(separator: "/") }
            guard let first = places.first else { throw CargoRoutes.noCrate }
            return UpstreamRequest(url: first, maxSize: Self.maxIndexBytes, furtherURLs: Array(places.dropFirst()))
        case .asset: throw SaveError.unsupported("files that no index lists")
        case .probe(attempt: 0):
            var request = try configurationRequest(base: url)
            request.resolvedBase = url
            return request
        case .probe: throw SaveError.unsupported("other places")
        }
    }

    public func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        if case .search = index { return try Self.found(in: document) }
        guard let package = index.package else { throw SaveError(.upstreamInvalid, "this is no index of a crate") }
        guard String(validating: document.bytes, as: UTF8.self) != nil else {
            throw SaveError(.upstreamInvalid, "the upstream's index of '\(package)' is not text: check remote_url")
        }
        var seen: Set<AssetPath> = []
        let files = document.bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            IndexLine.record(of: Array(line), in: package)
        }
        // A version is there once, whatever its build.
        return Listing(assets: files.filter { seen.insert($0.path).inserted })
    }
}

extension CargoFormat: UpstreamConfigurationReading, FileLocating {
    public func configurationRequest(base: String) throws -> UpstreamRequest {
        UpstreamRequest(url: try URLReference.directory(base) + "config.json", maxSize: 1 << 16)
    }

    public func configuration(from document: UpstreamDocument) throws -> JSONObject {
        try RegistryConfiguration.read(document)
    }

    public func upstreamRequest(
        for target: UpstreamTarget, base: String, configuration: JSONObject
    ) throws -> UpstreamRequest {
        guard case .index(.search(let query)) = target else { return try upstreamRequest(for: target, base: base) }
        guard let api = configuration[RegistryConfiguration.apiKey]?.string else {
            throw SaveError(.packageNotFound, "the upstream has no search: ask for the crate by its name")
        }
        let text = ASCII.percentEncoded(query.text)
        return UpstreamRequest(
            url: "\(api)/api/v1/crates?q=\(text)&per_page=\(min(query.from + query.size, 100))", accept: MediaType.json.value,
            maxSize: Self.maxSearchBytes)
    }

    public func location(of file: AssetRecord, base: String, configuration: JSONObject) throws -> String? {
        try RegistryConfiguration.location(of: file, configuration)
    }
}
