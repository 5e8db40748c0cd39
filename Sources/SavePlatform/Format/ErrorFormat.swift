/// How the clients of a format want to be told why a request was refused. The status, and the fields that go with it, are the
/// same for all.
public enum ErrorFormat: Sendable, Hashable {
    /// A line of text.
    case text
    /// A line of text. A client that asks for JSON, or for what comes as JSON only, gets an object instead, with the status and the line in
    /// each of these members.
    case textOrJSON(members: [String])
    /// Always a JSON document, for clients that show nothing else: this one, such as `["errors": [["detail": "{message}"]]]`, with
    /// what is to be told in place of each `{message}`, `{code}` and `{status}` in its strings.
    ///
    /// `{message}` is the line. `{code}` is the word that `codes` has for the kind of error, or else the platform's own
    /// (`SaveError.Code.rawValue`); where a format throws an error whose `details` have a `code`, it is that. For a file that is not there
    /// (`assetNotFound`) it is the word that `absences` has for the last directory of its path. A string that is `{status}` and nothing more becomes a number.
    ///
    /// A change that went well is answered by the document `success`, in which `{message}` is a word about it, where the format
    /// has no answer of its own (`Submission.answer`). Where the clients show a field of a refusal as well, `field` is its name.
    ///
    /// `challenge` is what stands in `WWW-Authenticate` of a 401 beside the platform's own challenge, for clients that look for one of
    /// theirs (RFC 9110, 11.6.1), such as `Cargo login_url="{repository}me"`. `{repository}` is the URL of the repository, with a slash at its
    /// end; where that is not known, there is no such challenge.
    case json(
        JSONValue, codes: [SaveError.Code: String] = [:], absences: [String: String] = [:], success: JSONValue,
        field: String? = nil,
        challenge: String? = nil)

    /// The detail of an error with the format's own word for its kind.
    package static let codeDetail = "code"
}

/// What takes the place of the words in braces in a JSON document (`ErrorFormat.json`).
package struct TemplateWords: Sendable {
    package let message: String
    package let code: String
    package let status: Int

    package init(message: String, code: String = "", status: Int) {
        self.message = message
        self.code = code
        self.status = status
    }

    /// The names of the words.
    package static let names = ["message", "code", "status"]

    private subscript(name: String) -> String? {
        switch name {
        case "message": message
        case "code": code
        case "status": String(status)
        default: nil
        }
    }

    /// The document with the words in their places.
    package func filled(into template: JSONValue) -> JSONValue {
        switch template {
        case .string("{status}"): .integer(Int64(status))
        case .string(let text): .string(filled(into: text))
        case .array(let values): .array(values.map(filled))
        case .object(let object): .object(JSONObject(object.members.map { ($0.key, filled(into: $0.value)) }))
        case .null, .bool, .integer, .number: template
        }
    }

    /// What was put in is not looked at again: a message may have braces.
    private func filled(into text: String) -> String {
        var rest = text.utf8[...]
        var filled: [UInt8] = []
        while let open = rest.firstIndex(of: UInt8(ascii: "{")) {
            filled += rest[..<open]
            let inner = rest[open...].dropFirst()
            guard let close = inner.firstIndex(of: UInt8(ascii: "}")), let word = self[String(Substring(inner[..<close]))] else {
                filled.append(UInt8(ascii: "{"))
                rest = inner
                continue
            }
            filled += Array(word.utf8)
            rest = inner[close...].dropFirst()
        }
        return String(decoding: filled + rest, as: UTF8.self)
    }
}
