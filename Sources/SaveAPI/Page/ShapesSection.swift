internal import SaveHTTP
internal import SavePlatform

/// The shapes of answers on the page: the members of each, with their types.
enum ShapesSection {
    static let html: HTML = """
        <section>
        <h2 id="shapes">Shapes of answers</h2>
        \(APISchema.answers.members.map { shape($0.key, $0.value.object ?? JSONObject()) })
        </section>
        """

    private static func shape(_ name: String, _ schema: JSONObject) -> HTML {
        guard let members = schema["properties"]?.object?.members else {
            return "<article id=\"shape-\(name)\"><h3><code>\(name)</code></h3><p>\(type(schema))</p></article>"
        }
        let required = schema["required"]?.array ?? []
        let rows = members.map { member -> HTML in
            let schema = member.value.object ?? JSONObject()
            let need = required.contains(.string(member.key)) ? "always" : "sometimes"
            return """
                <tr><th scope="row"><code>\(member.key)</code></th><td>\(need)</td><td>\(type(schema))</td>
                <td>\(schema["description"]?.string ?? "")</td></tr>
                """
        }
        return """
            <article id="shape-\(name)">
            <h3><code>\(name)</code></h3>
            <table>
            <thead><tr><th scope="col">Member</th><th scope="col">There</th><th scope="col">Value</th><th scope="col">Meaning</th></tr></thead>
            <tbody>
            \(rows)
            </tbody>
            </table>
            </article>
            """
    }

    /// A schema in a few words, with links to the shapes it refers to.
    private static func type(_ schema: JSONObject) -> HTML {
        if let reference = schema["$ref"]?.string, let name = reference.split(separator: "/").last.map(String.init) {
            return "<a href=\"#shape-\(name)\"><code>\(name)</code></a>"
        }
        if let choices = (schema["oneOf"] ?? schema["anyOf"])?.array {
            return .joined(choices.map { type($0.object ?? JSONObject()) }, by: " or ")
        }
        if let value = schema["const"] { return "\(value.text)" }
        if let values = schema["enum"]?.array { return "\(values.map(\.text).joined(separator: ", "))" }
        if let items = schema["items"]?.object { return "list of \(type(items))" }
        let names = schema["type"].map { $0.array ?? [$0] } ?? []
        let kind = names.compactMap(\.string).joined(separator: " or ")
        return "\(schema["format"]?.string.map { kind.replacingString(with: $0) } ?? kind)"
    }
}

extension String {
    /// `string or null` with a format for what the string is.
    fileprivate func replacingString(with format: String) -> String {
        hasPrefix("string") ? format + dropFirst("string".count) : self
    }
}
