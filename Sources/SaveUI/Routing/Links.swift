internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The addresses of pages, below the path that clients have before every path of this server.
struct Links: Sendable {
    let prefix: String

    var home: String { prefix + "/ui/" }
    var search: String { prefix + "/ui/search" }
    var account: String { prefix + "/ui/account" }
    var login: String { prefix + "/ui/login" }
    var logout: String { prefix + "/ui/logout" }
    var api: String { prefix + "/api" }

    func file(_ file: StaticFile) -> String { prefix + "/ui/static/" + file.name }

    func search(for text: String) -> String { Self.url(search, [("q", text)]) }

    func repository(_ repository: Repository, _ query: [(String, String)] = []) -> String {
        let record = repository.record
        return Self.url([record.format, record.project, record.name].links(self), query)
    }

    /// A package, or a version of it.
    func package(_ name: String, version: String? = nil, in repository: Repository, _ query: [(String, String)] = []) -> String {
        let record = repository.record
        let names = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true).map { String(Substring($0)) }
        let path = [record.format, record.project, record.name] + names + [version].compactMap(\.self)
        return Self.url(path.links(self), query)
    }

    /// The page to sign in on, which leads back to where somebody wanted to go.
    func login(returningTo target: [UInt8]) -> String {
        let target = String(decoding: target, as: UTF8.self)
        return Self.url(login, Self.isOwn(target) && target != "/ui/" ? [("return", target)] : [])
    }

    /// Whether a text is a path of a page as this server sees it, and nothing that a browser could take for another site.
    static func isOwn(_ target: String) -> Bool {
        target.utf8.starts(with: "/ui/".utf8) && target.utf8.count <= 2048
            && target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\\\"<>#".utf8.contains($0) } && isRead(target)
    }

    /// Whether the server reads the path as one below `/ui`: dot segments lead a browser elsewhere.
    private static func isRead(_ target: String) -> Bool {
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        return (try? RequestPath(decoding: Array(path)[...], escapedSlashesSeparate: true))?.segments.first == "ui"
    }

    static func url(_ path: String, _ query: [(String, String)]) -> String {
        guard !query.isEmpty else { return path }
        return path + "?"
            + query.map { ASCII.percentEncoded($0.0) + "=" + ASCII.percentEncoded($0.1) }.joined(separator: "&")
    }
}

extension [String] {
    /// The page at these segments, with a slash at its end.
    func links(_ links: Links) -> String { links.home + map { ASCII.percentEncoded($0) + "/" }.joined() }
}
