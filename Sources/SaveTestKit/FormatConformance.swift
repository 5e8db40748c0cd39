internal import SaveDigest
public import SavePlatform

/// The rules for formats that the compiler cannot check. A format's tests call `violations` and expect none.
public struct FormatConformance: Sendable {
    /// The format, as it would be registered.
    public let type: any RepositoryFormat.Type
    /// Paths below a repository that the format knows, as clients send them: `/simple/foo/`.
    public let paths: [String]
    /// Indexes with listings that their pages can carry without loss.
    public let indexes: [(key: IndexKey, listing: Listing)]

    /// What the format should not have to survive in a path, but has to.
    static let hostilePaths = [
        "/", "/%00", "/%2e%2e/x", "/a//b", "/\u{202E}", "/%F0%9F%92%A9/", "/<script>/", "/a%2Fb", "/.git/config", "/__proto__/",
        "/simple/../../x", "/packages/a/b/c/d/e/f", "/" + String(repeating: "a", count: 255),
        "/" + String(repeating: "a/", count: 500),
        "/-/", "/%2B", "/a;b=c/", "/~/", "/CON", "/a%20b", "/%E2%84%AA",
    ]
    static let hostileDocuments: [[UInt8]] = [
        [], [0], Array("{".utf8), Array("[]".utf8), Array("null".utf8), Array("{\"files\":[{}]}".utf8), Array("<".utf8),
        Array("<a href=\"javascript:alert(1)\">x</a><base href=\"//evil.example\"><a href='x'>".utf8),
        [UInt8](repeating: 0xFF, count: 1000), Array(String(repeating: "[", count: 100_000).utf8),
        Array(String(repeating: "<a>", count: 10_000).utf8),
    ]

    public init(_ type: any RepositoryFormat.Type, paths: [String], indexes: [(key: IndexKey, listing: Listing)]) {
        self.type = type
        self.paths = paths
        self.indexes = indexes
    }

    /// Every rule that is broken, in words; empty for a format that keeps them all.
    public func violations() async throws -> [String] {
        let format = try type.init(settings: [:])
        var found = identity()
        found += routes(format)
        found += pages(format)
        found += upstreams(format)
        found += sidecars(format)
        found += await uploads(format)
        found += governance(format)
        found += imports(format)
        return found
    }

    private var abilities: FormatAbilities { type.descriptor.abilities }

    // MARK: Identity

    private func identity() -> [String] {
        var found: [String] = []
        var registry = FormatRegistry()
        do { try registry.register(type) } catch { found.append("cannot be registered: \(error)") }
        if type.descriptor != type.descriptor { found.append("the descriptor changes") }
        do {
            _ = try type.init(settings: ["no-such-setting": 1])
            found.append("an unknown setting is accepted")
        } catch {
            let failure = error as? SaveError
            if failure?.code != .unknownField && failure?.code != .invalidRequest {
                found.append("an unknown setting throws \(error)")
            }
            if failure?.details["field"] != "no-such-setting" { found.append("an unknown setting is not named") }
        }
        return found
    }

    // MARK: Routes

    private func routes(_ format: any RepositoryFormat) -> [String] {
        let methods: [HTTPMethod] = [.get, .head, .put, .post, .patch, .delete, .options, .other("BREW")]
        var found: [String] = []
        for text in paths + Self.hostilePaths {
            guard let path = try? RequestPath(decoding: Array(text.utf8)[...]) else { continue }
            var outcomes: [HTTPMethod: Outcome<Route>] = [:]
            for method in methods {
                let request = FormatRequest(method: method, path: path)
                let outcome = Outcome<Route> { try format.route(request) }
                outcomes[method] = outcome
                let place = "\(method.name) \(text)"
                if outcome != Outcome<Route>({ try format.route(request) }) { found.append("\(place): two answers differ") }
                found += violations(of: outcome, method, place)
            }
            if outcomes[.get] != outcomes[.head] { found.append("HEAD \(text) is not GET \(text)") }
        }
        for text in paths {
            let path = try? RequestPath(decoding: Array(text.utf8)[...])
            if path.flatMap({ try? format.route(FormatRequest(method: .get, path: $0)) }) == nil {
                found.append("GET \(text) has no route")
            }
        }
        return found
    }

    private func violations(of outcome: Outcome<Route>, _ method: HTTPMethod, _ place: String) -> [String] {
        switch outcome {
        case .value(.index(_, let offers)):
            if !method.isRead { return ["\(place): a method that is not a read reads an index"] }
            return offers.isEmpty ? ["\(place): an index is offered in no type"] : []
        case .value(.asset): return method.isRead ? [] : ["\(place): a method that is not a read reads a file"]
        case .value(.upload(let plan)):
            if method.isRead { return ["\(place): a read uploads"] }
            return plan.status == 200 || plan.status == 201 ? [] : ["\(place): an upload would answer \(plan.status)"]
        case .value(.delete): return method.isRead ? ["\(place): a read deletes"] : []
        case .value(.redirect(let location, _)):
            // Anything else could lead away from the server.
            let bytes = location.utf8
            let isRelative = !bytes.contains(UInt8(ascii: ":")) && bytes.first != UInt8(ascii: "/") && !bytes.contains(0x5C)
            return isRelative ? [] : ["\(place): redirects to '\(location)', which is not relative"]
        case .failure(let code):
            let allowed: [SaveError.Code] = [
                .notFound, .packageNotFound, .assetNotFound, .methodNotAllowed, .invalidRequest, .notAcceptable,
            ]
            return allowed.contains(code) ? [] : ["\(place): throws \(code.rawValue)"]
        }
    }

    // MARK: Pages

    private func pages(_ format: any RepositoryFormat) -> [String] {
        guard abilities.contains(.indexes) else { return [] }
        var found: [String] = []
        let context = RenderContext(basePath: "/x/project/repository/")
        for (key, listing) in indexes {
            let offers = offers(of: key, format)
            if offers.isEmpty { found.append("\(key.text): no path leads to this index") }
            for type in offers {
                let place = "\(key.text) as \(type)"
                guard let page = try? format.render(key, as: type, from: listing, context: context) else {
                    found.append("\(place): cannot be rendered")
                    continue
                }
                if page.type.value != type.value { found.append("\(place): is sent as \(page.type)") }
                if page != (try? format.render(key, as: type, from: listing, context: context)) {
                    found.append("\(place): two pages differ")
                }
                let text = String(decoding: page.bytes, as: UTF8.self)
                for origin in listing.assets.compactMap(\.origin) where text.contains(origin) {
                    found.append("\(place): shows where an upstream keeps a file")
                }
                found += roundTrip(format, key, listing, page, place)
            }
        }
        return found
    }

    /// The types in which an index is offered.
    func offers(of key: IndexKey, _ format: any RepositoryFormat) -> Set<MediaType> {
        let offers = paths.compactMap { text -> [MediaType]? in
            guard let path = try? RequestPath(decoding: Array(text.utf8)[...]),
                case .index(key, let offers) = try? format.route(FormatRequest(method: .get, path: path))
            else { return nil }
            return offers
        }
        return Set(offers.joined())
    }

    private func roundTrip(
        _ format: any RepositoryFormat, _ key: IndexKey, _ listing: Listing, _ page: Document, _ place: String
    ) -> [String] {
        guard abilities.contains(.upstreamIndexes) else { return [] }
        let document = UpstreamDocument(
            url: "https://save.example.com/x/project/repository/simple/x/", contentType: page.type.value, bytes: page.bytes)
        guard let read = try? format.listing(from: document, for: key) else { return ["\(place): cannot be read again"] }
        var found: [String] = []
        if read.packages.map(\.id) != listing.packages.map(\.id) {
            found.append("\(place): other packages are read than were written")
        }
        let shown = { (listing: Listing) in
            listing.assets.filter { $0.sidecarOf == nil }.map { [$0.path.text, $0.version ?? "", $0.withdrawn?.reason ?? "-"] }
        }
        if shown(read) != shown(listing) { found.append("\(place): other files are read than were written") }
        if read.assets.contains(where: { $0.origin == nil }) { found.append("\(place): a file is read without its place") }
        return found
    }

    // MARK: Upstreams

    private func upstreams(_ format: any RepositoryFormat) -> [String] {
        var found: [String] = []
        let keys = indexes.map(\.key)
        for key in keys {
            for bytes in Self.hostileDocuments {
                for type in [nil, "text/html", "application/json", "application/vnd.pypi.simple.v1+json", "image/png"] {
                    let document = UpstreamDocument(url: "https://index.example.com/a/", contentType: type, bytes: bytes)
                    let outcome = Outcome {
                        try format.listing(from: document, for: key).assets.allSatisfy { Self.isPlain($0.origin) }
                    }
                    switch outcome {
                    case .value(false): found.append("\(key.text): an origin is not an http URL")
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
        for base in ["file:///etc/passwd", "gopher://x.example.com/", "javascript:x", "", "//x.example.com/"] {
            let targets =
                keys.map(UpstreamTarget.index) + [.probe(attempt: 0)] + ((try? AssetPath("a/b")).map { [.asset($0)] } ?? [])
            for target in targets where (try? format.upstreamRequest(for: target, base: base)) != nil {
                found.append("'\(base)' is taken for an upstream's URL")
            }
        }
        return found
    }

    private static func isPlain(_ origin: String?) -> Bool {
        guard let origin else { return false }
        return origin.utf8.starts(with: "https://".utf8) || origin.utf8.starts(with: "http://".utf8)
    }

    // MARK: Uploads

    private func uploads(_ format: any RepositoryFormat) async -> [String] {
        guard !abilities.contains(.uploads) else { return [] }
        do {
            _ = try await format.receive(
                UploadRequest(plan: UploadPlan(), contentType: nil, body: .empty), into: InMemoryStaging())
            return ["an upload is taken without the ability"]
        } catch {
            return (error as? SaveError)?.code == .unsupported ? [] : ["an upload without the ability throws \(error)"]
        }
    }

    // MARK: Second protocols

    private func governance(_ format: any RepositoryFormat) -> [String] {
        guard let governing = format as? any PackageGoverning else { return [] }
        var found: [String] = []
        do {
            _ = try governing.attributes([:], changedBy: ["no-such-attribute": 1])
            found.append("an unknown attribute of a package is accepted")
        } catch {
            let failure = error as? SaveError
            if failure?.code != .unknownField && failure?.code != .invalidRequest {
                found.append("an unknown attribute of a package throws \(error)")
            }
            if failure?.details["field"] != "no-such-attribute" { found.append("an unknown attribute of a package is not named") }
        }
        if (try? governing.checkDownload(from: [:])) == nil { found.append("a package without attributes gives no files") }
        if (try? governing.checkUpload([], to: [:])) == nil { found.append("a package without attributes takes no files") }
        return found
    }

    private func imports(_ format: any RepositoryFormat) -> [String] {
        guard let importing = format as? any DirectoryImporting else { return [] }
        var found: [String] = []
        if !abilities.contains(.uploads) { found.append("imports without the ability to take uploads") }
        for text in ["README", "a/b/c.tar.gz", "\u{202E}.whl", "x.whl", ".zip", "CON"] {
            guard let path = try? AssetPath(text) else { continue }
            do {
                if try importing.upload(importing: path)?.path == nil, try importing.upload(importing: path) != nil {
                    found.append("importing \(text) has no path")
                }
            } catch {
                if (error as? SaveError)?.code != .invalidRequest { found.append("importing \(text) throws \(error)") }
            }
        }
        return found
    }

    /// What a call gave: comparable, so that two calls can be.
    private enum Outcome<Value: Equatable>: Equatable {
        case value(Value)
        case failure(SaveError.Code)

        init(_ body: () throws -> Value) {
            do { self = .value(try body()) } catch { self = .failure((error as? SaveError)?.code ?? "not_a_save_error") }
        }
    }
}
