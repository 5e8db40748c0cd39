internal import SaveHTTP
internal import SavePlatform

/// A field of a form: how a person fills it in, and what of it the REST API is sent. What does not fit goes there as it was typed, so
/// that the API says what is wrong with it.
struct FormField: Sendable {
    enum Kind: Sendable {
        case line
        /// Several lines.
        case text
        /// One value a line.
        case list
        /// The same of whole numbers.
        case numbers
        case secret
        case number
        case flag
        case choice([Choice])
        /// Any JSON.
        case json
        /// A day: its first second, in UTC.
        case day
    }

    struct Choice: Sendable {
        let value: String
        let label: String

        init(_ value: String, _ label: String? = nil) {
            self.value = value
            self.label = label ?? value
        }
    }

    /// What stands for a field that was left empty.
    enum Emptiness: Sendable {
        case nothing, null, itself
    }

    /// As the REST API calls it; a member of an object behind a full stop.
    let name: String
    let label: String
    let kind: Kind
    var hint = ""
    var empty = Emptiness.itself
    var isRequired = false
    /// What may be chosen besides typing it.
    var suggestions: [String] = []
    /// Whether it is folded away until somebody looks for it.
    var isRare = false
    /// What this field and those behind it are about.
    var heading: String?

    init(
        _ name: String, _ label: String, _ kind: Kind = .line, hint: String = "", empty: Emptiness = .itself,
        required: Bool = false, suggestions: [String] = [], rare: Bool = false
    ) {
        self.name = name
        self.label = label
        self.kind = kind
        self.hint = hint
        self.empty = empty
        isRequired = required
        self.suggestions = suggestions
        isRare = rare
    }

    func under(_ heading: String) -> FormField {
        var field = self
        field.heading = heading
        return field
    }

    // MARK: - What is sent

    /// The value for the REST API; nil to send none.
    func value(in form: QueryItems) -> JSONValue? {
        if case .flag = kind { return form[name] == nil && empty == .nothing ? nil : .bool(form[name] != nil) }
        guard let typed = form[name] else { return nil }
        let text = Self.lines(of: typed).joined(separator: "\n")
        if text.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x09 }) { return nothing }
        switch kind {
        case .number: return Self.number(text)
        case .list: return .array(Self.items(of: text).map(JSONValue.string))
        case .numbers: return .array(Self.items(of: text).map(Self.number))
        case .json: return (try? JSONValue(parsing: Array(text.utf8))) ?? .string(text)
        case .day: return .string(text.utf8.count == 10 ? text + "T00:00:00Z" : text)
        case .secret: return .string(typed)
        case .line, .text, .choice, .flag: return .string(text)
        }
    }

    private var nothing: JSONValue? {
        switch (empty, kind) {
        case (.nothing, _), (_, .secret), (_, .choice): nil
        case (.null, _): .null
        case (.itself, .list), (.itself, .numbers): []
        case (.itself, .json): .object(JSONObject())
        // The API says that a number, or a day, is missing: what was emptied is not what was saved.
        case (.itself, .line), (.itself, .text), (.itself, .number), (.itself, .day): ""
        case (.itself, .flag): nil
        }
    }

    private static func number(_ text: String) -> JSONValue {
        Int64(text.filter { $0 != " " }).map(JSONValue.integer) ?? .string(text)
    }

    /// Browsers end lines with both (HTML, "Constructing the entry list").
    private static func lines(of text: String) -> [String] {
        text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            String(Substring(line.last == 0x0D ? line.dropLast() : line))
        }
    }

    private static func items(of text: String) -> [String] {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        return text.utf8.split { $0 == 0x0A || $0 == UInt8(ascii: ",") }.compactMap { item in
            var item = item.drop(while: isSpace)
            while let last = item.last, isSpace(last) { item = item.dropLast() }
            return item.isEmpty ? nil : String(Substring(item))
        }
    }

    // MARK: - What is shown

    /// What a form tells of this field that was filled in before somebody else changed what it is about; nil where both agree.
    ///
    /// - Parameters:
    ///   - now: what is there now.
    ///   - text: what was typed.
    func difference(from now: String, typed text: String) -> String? {
        switch kind {
        case .secret: return text.isEmpty ? nil : "type it once more"
        case .flag:
            guard text.isEmpty != now.isEmpty else { return nil }
            return text.isEmpty ? "this is how it is now: you had cleared it" : "this is how it is now: you had ticked it"
        case .day where text.utf8.elementsEqual(now.utf8.prefix(10)): return nil
        default:
            let text = Self.lines(of: text).joined(separator: "\n")
            guard !text.utf8.elementsEqual(now.utf8) else { return nil }
            return text.isEmpty
                ? "this is what is there now: you had left it empty" : "this is what is there now: you typed '\(text)'"
        }
    }

    /// A value of the REST API as somebody would type it.
    static func typed(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null?: ""
        case .string(let text)?: text
        case .bool(let flag)?: flag ? "on" : ""
        case .array(let values)?: values.map(typed).joined(separator: "\n")
        case .integer(let number)?: String(number)
        case let other?: other.text == "{}" ? "" : other.text
        }
    }

    /// - Parameters:
    ///   - id: names the form, so that no two fields of a page have one id.
    ///   - text: what is in it.
    ///   - fault: what is wrong with it.
    func html(in id: String, _ text: String, fault: String?) -> HTML {
        let id = "\(id)-\(name)"
        let fault: HTML = fault.map { "<p class=\"fault\" id=\"\(id)-fault\">\(FailurePage.sentence($0))</p>" } ?? ""
        let hint: HTML = hint.isEmpty ? "" : "<p class=\"hint\" id=\"\(id)-hint\">\(self.hint)</p>"
        let about = [fault.isEmpty ? nil : "\(id)-fault", hint.isEmpty ? nil : "\(id)-hint"].compactMap(\.self)
        var attributes: HTML = "id=\"\(id)\" name=\"\(name)\""
        if !about.isEmpty { attributes = "\(attributes) aria-describedby=\"\(about.joined(separator: " "))\"" }
        if !fault.isEmpty { attributes = "\(attributes) aria-invalid=\"true\"" }
        if isRequired { attributes = "\(attributes) required" }
        let heading: HTML = heading.map { "<p class=\"topic\">\($0)</p>" } ?? ""
        if case .flag = kind {
            return """
                \(heading)<div class="flag"><input type="checkbox" \(attributes)\(text.isEmpty ? "" : " checked" as HTML)>\
                <div><label for="\(id)">\(label)</label>\(hint)\(fault)</div></div>
                """
        }
        return
            "\(heading)<div class=\"field\"><label for=\"\(id)\">\(label)</label>\(hint)\(control(id, attributes, text))\(fault)</div>"
    }

    private func control(_ id: String, _ attributes: HTML, _ text: String) -> HTML {
        switch kind {
        case .text, .json: return "<textarea \(attributes) rows=\"3\">\n\(text)</textarea>"
        case .list, .numbers:
            return "<textarea \(attributes) rows=\"4\" class=\"code\" spellcheck=\"false\">\n\(text)</textarea>"
        case .choice(let choices):
            let options = choices.map { choice -> HTML in
                choice.value == text
                    ? "<option value=\"\(choice.value)\" selected>\(choice.label)</option>"
                    : "<option value=\"\(choice.value)\">\(choice.label)</option>"
            }
            return "<select \(attributes)>\n\(options)\n</select>"
        case .secret: return "<input type=\"password\" autocomplete=\"new-password\" \(attributes)>"
        case .number: return "<input inputmode=\"numeric\" autocomplete=\"off\" \(attributes) value=\"\(text)\">"
        case .day: return "<input type=\"date\" \(attributes) value=\"\(String(text.prefix(10)))\">"
        case .line, .flag:
            guard !suggestions.isEmpty else {
                return "<input autocomplete=\"off\" spellcheck=\"false\" \(attributes) value=\"\(text)\">"
            }
            let options = suggestions.map { "<option value=\"\($0)\"></option>" as HTML }
            return """
                <input autocomplete="off" spellcheck="false" list="\(id)-list" \(attributes) value="\(text)">\
                <datalist id="\(id)-list">\(options)</datalist>
                """
        }
    }
}
