internal import SaveHTTP
internal import SavePlatform

/// What went wrong, in the words of the error, and how to go on.
enum FailurePage {
    /// - Parameter plain: the same failure as one line of text.
    static func answer(_ plain: HTTPResponse, _ call: PageCall) -> PageAnswer {
        var line = ""
        if case .bytes(let bytes) = plain.body { line = String(decoding: bytes, as: UTF8.self) }
        while line.utf8.last == 0x0A { line = String(line.dropLast()) }
        let title = title(of: plain.status)
        return PageAnswer(
            title, status: plain.status,
            main: """
                <div class="head"><h1>\(title)</h1></div>
                \(Parts.notice(plain.status >= 500 ? .bad : .warn, "<p>\(sentence(line))</p>"))
                <p>\(advice(plain.status, call))</p>
                <p class="faint small">Status \(plain.status) · request \(call.request.id.description)</p>
                """)
    }

    private static func title(of status: Int) -> String {
        switch status {
        case 400: "This cannot be done as it was asked"
        case 403: "This is not for you as it stands"
        case 404: "There is nothing here"
        case 405: "Not in this way"
        case 409: "Somebody was there before"
        case 413: "Too much at once"
        case 415: "Not in this form"
        case 429: "Too many attempts"
        case 502, 503, 504: "Not at the moment"
        default: status >= 500 ? "This server failed" : "This cannot be done"
        }
    }

    private static func advice(_ status: Int, _ call: PageCall) -> HTML {
        let home: HTML = "<a href=\"\(call.links.home)\">all repositories that you may read</a>"
        switch status {
        case 404: return "Look at \(home), or search for a package above."
        case 403 where call.session == nil: return "<a href=\"\(call.links.login)\">Sign in</a>, or look at \(home)."
        case 429, 502, 503, 504: return "Wait a moment, then load the page again. Or look at \(home)."
        case 500...: return "The log of the server says more about this request. Or look at \(home)."
        default: return "Go back, or look at \(home)."
        }
    }

    /// Messages begin in small letters and end without a full stop: they stand behind others elsewhere.
    static func sentence(_ line: String) -> String {
        guard let first = line.unicodeScalars.first else { return "" }
        return ended(first.isASCII ? String(first).uppercased() + String(line.unicodeScalars.dropFirst()) : line)
    }

    /// The same, where it begins with a name.
    static func ended(_ text: String) -> String {
        text.isEmpty || ".?!".unicodeScalars.contains(text.unicodeScalars.last ?? ".") ? text : text + "."
    }
}
