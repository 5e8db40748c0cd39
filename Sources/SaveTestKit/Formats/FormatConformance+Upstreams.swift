internal import SavePlatform

/// What other servers say, which may be anything.
extension FormatConformance {
    static let hostileDocuments: [[UInt8]] = [
        [], [0], Array("{".utf8), Array("[]".utf8), Array("null".utf8), Array("{\"files\":[{}]}".utf8), Array("<".utf8),
        Array("<a href=\"javascript:alert(1)\">x</a><base href=\"//evil.example\"><a href='x'>".utf8),
        [UInt8](repeating: 0xFF, count: 1000), Array(String(repeating: "[", count: 100_000).utf8),
        Array(String(repeating: "<a>", count: 10_000).utf8),
    ]

    static let hostileBases = ["file:///etc/passwd", "gopher://x.example.com/", "javascript:x", "", "//x.example.com/"]

    /// Whether a proxy asks its upstream for an index; a list of everything is often not to be had.
    func isReadUpstream(_ key: IndexKey, _ format: any RepositoryFormat) -> Bool {
        let outcome = Outcome { try format.upstreamRequest(for: .index(key), base: "https://upstream.example.com/").url }
        return outcome != .failure(.unsupported)
    }

    func upstreams(_ format: any RepositoryFormat) -> [String] {
        var found: [String] = []
        let keys = indexes.map(\.key) + searchKeys(format)
        let configuration = configuration(format)
        for key in keys {
            for bytes in Self.hostileDocuments {
                for type in [nil, "text/html", "application/json", "application/vnd.pypi.simple.v1+json", "image/png"] {
                    let document = UpstreamDocument(
                        url: "https://index.example.com/a/", contentType: type, bytes: bytes, configuration: configuration)
                    let outcome = Outcome {
                        try format.listing(from: document, for: key).assets.allSatisfy {
                            Self.isPlain(origin(of: $0, format, configuration))
                        }
                    }
                    switch outcome {
                    case .value(false): found.append("\(key.text): an origin is not an http URL")
                    case .failure(.unsupported) where !isReadUpstream(key, format): break
                    case .failure(let code) where abilities.contains(.upstreamIndexes):
                        if code != .upstreamInvalid && code != .packageNotFound {
                            found.append("\(key.text): a bad document throws \(code.rawValue)")
                        }
                    case .failure(let code) where code != .unsupported:
                        found.append("\(key.text): reading throws \(code.rawValue)")
                    case .value where !abilities.contains(.upstreamIndexes):
                        found.append("\(key.text): is read without the ability")
                    default: break
                    }
                }
            }
        }
        found += furtherPlaces(of: keys, format)
        for base in Self.hostileBases {
            let targets =
                keys.map(UpstreamTarget.index) + [.probe(attempt: 0)] + ((try? AssetPath("a/b")).map { [.asset($0)] } ?? [])
            for target in targets where (try? format.upstreamRequest(for: target, base: base)) != nil {
                found.append("'\(base)' is taken for an upstream's URL")
            }
        }
        return found
    }

    /// Where else an index is looked for.
    private func furtherPlaces(of keys: [IndexKey], _ format: any RepositoryFormat) -> [String] {
        var found: [String] = []
        for key in keys {
            let request = try? format.upstreamRequest(for: .index(key), base: "https://upstream.example.com/a/")
            guard let further = request?.furtherURLs else { continue }
            if further.count >= UpstreamRequest.maxPlaces {
                found.append("\(key.text): is looked for in \(further.count) more places")
            }
            if !further.allSatisfy(Self.isPlain) { found.append("\(key.text): is looked for at what is no http URL") }
        }
        return found
    }

    static func isPlain(_ origin: String?) -> Bool {
        guard let origin else { return false }
        return origin.utf8.starts(with: "https://".utf8) || origin.utf8.starts(with: "http://".utf8)
    }
}
