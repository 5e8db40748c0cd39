internal import SavePlatform

/// The three forms of an index page (PEP 691).
enum SimpleType {
    static let text = MediaType("text/html; charset=utf-8")
    static let html = MediaType(
        "application/vnd.pypi.simple.v1+html; charset=utf-8", aliases: ["application/vnd.pypi.simple.latest+html"])
    /// No charset: uv compares this type as it stands.
    static let json = MediaType("application/vnd.pypi.simple.v1+json", aliases: ["application/vnd.pypi.simple.latest+json"])

    /// `text/html` first: what pipenv, hatch and people get: they accept anything and read HTML.
    static let all = [text, json, html]

    /// What a request is offered: all forms, or the one that `?format=` names.
    ///
    /// - Throws: `notAcceptable` for another format.
    static func offers(_ query: QueryItems) throws -> [MediaType] {
        guard let wanted = query["format"] else { return all }
        // A plus sign in a query that was not escaped has become a space.
        let name = ASCII.lowercased(String(decoding: wanted.utf8.map { $0 == 0x20 ? UInt8(ascii: "+") : $0 }, as: UTF8.self))
        guard let type = all.first(where: { $0.essence == name || $0.aliases.contains(name) }) else {
            let names = all.map(\.essence).joined(separator: ", ")
            throw SaveError(.notAcceptable, "there is no such format; an index is available as \(names)")
        }
        return [type.given]
    }
}
