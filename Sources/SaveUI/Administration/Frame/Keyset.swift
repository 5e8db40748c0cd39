internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform

/// The way through a list that the REST API gives page by page: on by the cursor of each page, and back by those that led there. Nothing
/// is counted, and every page has an address.
struct Keyset: Sendable {
    /// Pages that there is a way back to.
    private static let most = 20
    /// Stands for the first page.
    private static let start = "0"

    private let after: String?
    private let earlier: [String]

    init(_ call: PageCall) {
        after = call.asked("after")
        // Cursors may have full stops in them, as names have.
        earlier = (call.asked("back") ?? "").utf8.split(separator: UInt8(ascii: ".")).suffix(Self.most).map { cursor in
            String(decoding: Hex.decode(String(Substring(cursor))) ?? Array(Self.start.utf8), as: UTF8.self)
        }
    }

    /// What to ask the REST API for.
    func query(limit: Int = 100) -> [(String, String)] {
        [("limit", String(limit))] + (after.map { [("after", $0)] } ?? [])
    }

    /// - Parameters:
    ///   - next: the cursor of the next page.
    ///   - kept: what else the address says of the list.
    func links(
        next: String?, _ url: String, kept: [(String, String)] = [],
        words: (back: String, on: String) = ("Previous page", "Next page")
    ) -> HTML {
        var links: [HTML] = []
        if after != nil {
            let (last, rest) = (earlier.last, Array(earlier.dropLast()))
            let back = last == nil || last == Self.start ? [] : [("after", last ?? "")]
            links.append("<a rel=\"prev\" href=\"\(address(url, kept + back, rest))\">\(words.back)</a>")
        }
        if let next {
            links.append(
                "<a rel=\"next\" href=\"\(address(url, kept + [("after", next)], earlier + [after ?? Self.start]))\">\(words.on)</a>"
            )
        }
        return links.isEmpty ? "" : "<nav class=\"pages\" aria-label=\"Pages\">\(links)</nav>"
    }

    private func address(_ url: String, _ query: [(String, String)], _ earlier: [String]) -> String {
        Links.url(
            url,
            query
                + (earlier.isEmpty
                    ? [] : [("back", earlier.suffix(Self.most).map { Hex.encode($0.utf8) }.joined(separator: "."))]))
    }
}

extension PageCall {
    /// A list of the REST API, a page of it.
    func list(_ path: [String], _ query: [(String, String)] = []) async throws -> (items: [JSONObject], next: String?) {
        let reply = try await ask(APIQuestion(.get, path, query: query))
        return (reply["items"]?.array?.compactMap(\.object) ?? [], reply["next"]?.string)
    }

    /// A value of the query, with its name, where it has one.
    func kept(_ names: String...) -> [(String, String)] { names.compactMap { name in asked(name).map { (name, $0) } } }
}

extension JSONObject {
    func text(_ member: String) -> String { self[member]?.string ?? "" }
    func flag(_ member: String) -> Bool { self[member]?.bool ?? false }
    func time(_ member: String) -> Timestamp? { self[member]?.string.flatMap { Timestamp(rfc3339: $0) } }
}
