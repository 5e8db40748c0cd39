internal import SaveHTTP
internal import SavePlatform
internal import SaveServing

/// One operation on the page: what it takes, what it answers, and a command that does it.
struct OperationArticle {
    let route: APIRoute

    var identifier: String { OpenAPIOperation(route: route, group: "").identifier }

    var html: HTML {
        """
        <article id="\(identifier)">
        <h3>\(route.summary)</h3>
        <p class="line"><strong>\(route.method.name)</strong> <code>/api/v1\(route.pattern.text)</code></p>
        <p>Needs \(route.needs).</p>
        \(table("Parameters", inPath + inQuery))
        \(table("Body, as JSON", route.body?.fields.map { Row(field: $0, place: nil) } ?? []))
        <p>Answers \(answer). Fails with \(failures).</p>
        <pre><code>\(command)</code></pre>
        </article>
        """
    }

    private struct Row {
        let field: FieldRule
        /// `path` or `query`; nil in a body.
        let place: String?
    }

    private var inPath: [Row] {
        route.pattern.variables.compactMap { name in
            PathVariables.rule(of: name, in: route.pattern).map { Row(field: $0, place: "path") }
        }
    }

    private var inQuery: [Row] { route.query.map { Row(field: $0, place: "query") } }

    private func table(_ caption: String, _ rows: [Row]) -> HTML {
        guard !rows.isEmpty else { return "" }
        let lines = rows.map { row -> HTML in
            let place = row.place.map { " in the \($0)" } ?? ""
            let need = row.field.isRequired ? "required" : "optional"
            let kind = row.field.rule.summary + (row.field.isNullable ? ", or null" : "")
            return """
                <tr><th scope="row"><code>\(row.field.name)</code></th><td>\(need)\(place)</td><td>\(kind)</td>
                <td>\(row.field.summary)</td></tr>
                """
        }
        return """
            <table>
            <caption>\(caption)</caption>
            <thead><tr><th scope="col">Name</th><th scope="col">Where</th><th scope="col">Value</th><th scope="col">Meaning</th></tr></thead>
            <tbody>
            \(lines)
            </tbody>
            </table>
            """
    }

    private var answer: HTML {
        guard let name = route.answer else { return "\(route.status) without a body" }
        let types = route.representations.map(\.essence).joined(separator: ", ")
        let deferred: HTML = route.isDeferrable ? ", or 202 with <a href=\"#shape-Job\"><code>Job</code></a>" : ""
        return "\(route.status) with <a href=\"#shape-\(name)\"><code>\(name)</code></a> as \(types)\(deferred)"
    }

    private var failures: HTML {
        let codes = Set(route.possibleFailures.map(ErrorResponder.status(of:))).sorted()
        return .joined(codes.map { "<a href=\"#status-\($0)\">\($0)</a>" }, by: ", ")
    }

    /// A curl command with the names that the examples of this page have; `$A` and `$S` are credentials and server.
    private var command: String {
        let path = route.pattern.segments.map { segment in
            switch segment {
            case .word(let word): word
            case .variable(let name): PathVariables.rule(of: name, in: route.pattern)?.example?.string ?? name
            }
        }
        var words = ["curl -u \"$A\""]
        if route.method != .get { words.append("-X \(route.method.name)") }
        words.append(Self.quoted("$S/api/v1/" + path.map(ASCII.percentEncoded).joined(separator: "/")))
        if let body = route.body {
            let example = JSONValue.object(body.examples.first?.value ?? JSONObject()).text
            words.append("-H \"Content-Type: application/json\" \\\n  -d '\(example)'")
        }
        return words.joined(separator: " ")
    }

    private static func quoted(_ text: String) -> String { "\"\(text)\"" }
}
