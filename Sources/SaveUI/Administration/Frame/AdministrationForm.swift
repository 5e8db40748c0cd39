internal import SaveHTTP
internal import SavePlatform

/// A form that sends what the REST API takes.
struct AdministrationForm: Sendable {
    enum Tone { case go, plain, danger }

    /// Tells it from the other forms of its page.
    let id: String
    let action: String
    let fields: [FormField]
    let button: String
    var tone = Tone.go
    /// Another way to send it: the value of the field `way`, and what its button says.
    var otherWay: (value: String, button: String)?
    /// Sent along, and looked at by nobody who fills it in.
    var hidden: [(name: String, value: String)] = []
    /// A file that it takes, which comes behind the fields: its label, and the kinds that browsers offer.
    var file: (label: String, accepts: String)?

    init(
        _ id: String, _ action: String, _ fields: [FormField], _ button: String, tone: Tone = .go,
        otherWay: (value: String, button: String)? = nil, hidden: [(name: String, value: String)] = []
    ) {
        self.id = id
        self.action = action
        self.fields = fields
        self.button = button
        self.tone = tone
        self.otherWay = otherWay
        self.hidden = hidden
    }

    /// Deletes something once its name was typed.
    static func deletion(of name: String, _ action: String, _ button: String, _ fields: [FormField] = []) -> AdministrationForm {
        AdministrationForm(
            "delete", action, fields + [FormField("confirm", "Type \(name) to delete it", required: true)], button, tone: .danger)
    }

    static let tag = "tag"

    // MARK: - What is sent

    /// The body for the REST API.
    func body(_ call: PageCall) -> JSONObject { Self.body(fields, call) }

    static func body(_ fields: [FormField], _ call: PageCall) -> JSONObject {
        let form = call.form ?? QueryItems()
        var body = JSONObject()
        for field in fields {
            guard let value = field.value(in: form) else { continue }
            let path = field.name.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1).map { String(Substring($0)) }
            if path.count == 2 {
                var inner = body[path[0]]?.object ?? JSONObject()
                inner[path[1]] = value
                body[path[0]] = .object(inner)
            } else {
                body[field.name] = value
            }
        }
        return body
    }

    // MARK: - What is shown

    /// - Parameters:
    ///   - values: what is there now, as the REST API gives it. What was typed into a form that was refused counts before it, but where
    ///     somebody else has changed what it is about: then the form has what is there now, and tells what was typed.
    ///   - tag: that of what was read: a change of what has changed since is refused.
    func html(_ call: PageCall, _ values: JSONObject = JSONObject(), tag: String? = nil) throws -> HTML {
        let refused = call.refused?.form == id ? call.refused : nil
        let isOutdated = refused?.error.code == .preconditionFailed
        let typed = refused == nil || isOutdated ? nil : call.form
        let shown = fields.map { field -> (field: FormField, html: HTML, isWrong: Bool) in
            let text = typed.map { $0[field.name] ?? "" } ?? FormField.typed(Self.value(field.name, of: values))
            let fault =
                isOutdated ? field.difference(from: text, typed: call[field.name]) : refused?.fault(of: field.name)
            return (field, field.html(in: id, text, fault: fault), fault != nil)
        }
        let rare = shown.filter(\.field.isRare)
        let isOpen = rare.contains(where: \.isWrong)
        let more: HTML =
            rare.isEmpty
            ? "" : "<details\(isOpen ? " open" : "" as HTML)><summary>More settings</summary>\(rare.map(\.html))</details>"
        let sentTag = typed?[Self.tag] ?? tag
        let extra = hidden + (sentTag.map { [(name: Self.tag, value: $0)] } ?? [])
        return """
            <form class="form\(tone == .danger ? " risk" : "" as HTML)" id="\(id)" method="post"\(file == nil ? "" : " enctype=\"multipart/form-data\"" as HTML) action="\(action)">
            \(FormToken.input(call.session?.token ?? ""))\(try SentForms.input())\
            \(extra.map { "<input type=\"hidden\" name=\"\($0.name)\" value=\"\($0.value)\">" as HTML })
            \(shown.filter { !$0.field.isRare }.map(\.html))
            \(more)\(file.map { chooser($0, fault: refused?.fault(of: "file")) })
            <p class="buttons">\(Self.button(button, tone))\(otherWay.map { "<button name=\"way\" value=\"\($0.value)\">\($0.button)</button>" as HTML })</p>
            </form>
            """
    }

    private func chooser(_ file: (label: String, accepts: String), fault: String?) -> HTML {
        let fault: HTML = fault.map { "<p class=\"fault\" id=\"\(id)-file-fault\">\(FailurePage.sentence($0))</p>" } ?? ""
        let about: HTML = fault.isEmpty ? "" : " aria-invalid=\"true\" aria-describedby=\"\(id)-file-fault\""
        return """
            <div class="field"><label for="\(id)-file">\(file.label)</label>\
            <input type="file" id="\(id)-file" name="file" accept="\(file.accepts)" required\(about)>\(fault)</div>
            """
    }

    private static func button(_ text: String, _ tone: Tone) -> HTML {
        switch tone {
        case .go: "<button class=\"go\">\(text)</button>"
        case .plain: "<button>\(text)</button>"
        case .danger: "<button class=\"danger\">\(text)</button>"
        }
    }

    private static func value(_ name: String, of values: JSONObject) -> JSONValue? {
        let path = name.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1).map { String(Substring($0)) }
        return path.count == 2 ? values[path[0]]?.object?[path[1]] : values[name]
    }

    /// A form that is a button: in tables, and for what takes no more than to be wanted.
    ///
    /// - Parameter label: what it does, for people who do not see where it stands.
    static func button(
        _ text: String, _ action: String, label: String? = nil, tone: Tone = .plain, hidden: [(name: String, value: String)] = [],
        _ call: PageCall
    ) throws -> HTML {
        let fields = hidden.map { "<input type=\"hidden\" name=\"\($0.name)\" value=\"\($0.value)\">" as HTML }
        let kind = tone == .danger ? "danger" : tone == .go ? "go" : "plain"
        return """
            <form class="act" method="post" action="\(action)">\(FormToken.input(call.session?.token ?? ""))\
            \(try SentForms.input())\(fields)<button class="\(kind)" aria-label="\(label ?? text)">\(text)</button></form>
            """
    }
}

/// Why a form did nothing.
struct RefusedForm: Sendable {
    let form: String
    let error: SaveError

    /// What is wrong with a field of the form.
    func fault(of field: String) -> String? {
        guard let named = error.details["field"] else { return nil }
        let name = named.utf8.prefix { $0 != UInt8(ascii: "[") }
        let isPart = name.starts(with: field.utf8) && name.dropFirst(field.utf8.count).first == UInt8(ascii: ".")
        return name.elementsEqual(field.utf8) || isPart ? error.message : nil
    }
}
