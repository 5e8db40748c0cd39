internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform

/// What a form has to bring to be from a page of this server: it follows from the secret of the browser's cookie, which no other site can read.
enum FormToken {
    static let field = "form_token"

    static func text(of secret: [UInt8]) -> String {
        Hex.encode(Secrets.hmacSHA256(key: secret, Array("save form".utf8)))
    }

    /// The field that every form has.
    static func input(_ token: String) -> HTML { "<input type=\"hidden\" name=\"\(field)\" value=\"\(token)\">" }

    static func matches(_ sent: String, _ token: String) -> Bool { Secrets.areEqual(Array(sent.utf8), Array(token.utf8)) }
}

/// Reads a form.
enum FormBody {
    private static let maxBytes = 64 << 10
    private static let type = "application/x-www-form-urlencoded"

    /// Reads it as far as its file, which is left to the page that takes it.
    ///
    /// - Throws: `unsupportedMediaType`, `tooLarge`, `invalidRequest`; `forbidden` where the token is missing or another session's.
    static func read(into call: inout PageCall, takesFile: Bool) async throws {
        let request = call.request
        let sent = request.headers["content-type"].map { MediaType($0).essence }
        guard sent == (takesFile ? "multipart/form-data" : type) else {
            throw SaveError(.unsupportedMediaType, "only forms of these pages are taken here: open the page, and send its form")
        }
        let file: ByteStream?
        let form: QueryItems
        if takesFile {
            (form, file) = try await parts(of: request)
        } else {
            (form, file) = (try QueryItems(decoding: try await request.body.collect(limit: maxBytes)[...]), nil)
        }
        let token = call.session?.token ?? VisitorCookie.secret(of: call).map(FormToken.text)
        guard let token, FormToken.matches(form[FormToken.field] ?? "", token) else {
            throw SaveError(
                .forbidden,
                "the form is not of this session any more, or the browser keeps no cookies: open the page, and send it again")
        }
        call.form = form
        call.file = file
    }

    /// The fields before the file, and the file.
    private static func parts(of request: HTTPRequest) async throws -> (QueryItems, ByteStream?) {
        let reader = try MultipartReader(contentType: request.headers["content-type"], body: request.body)
        var fields: [String] = []
        while let part = try await reader.next() {
            if part.filename != nil { return (try items(fields), part.body) }
            guard fields.count < maxFields else { throw SaveError(.invalidRequest, "the form has too many fields") }
            fields.append("\(ASCII.percentEncoded(part.name))=\(ASCII.percentEncoded(try await part.text(limit: maxFieldBytes)))")
        }
        return (try items(fields), nil)
    }

    /// As the other kind of form has them.
    private static func items(_ fields: [String]) throws -> QueryItems {
        try QueryItems(decoding: Array(fields.joined(separator: "&").utf8)[...])
    }

    private static let maxFields = 20
    private static let maxFieldBytes = 4096
}

/// A cookie for browsers in which nobody is signed in yet, so that a form of theirs has a token as well.
enum VisitorCookie {
    private static func cookie(_ call: PageCall) -> SessionCookie {
        SessionCookie(call.request, call.context.publicAddress, name: "save-visitor")
    }

    static func secret(of call: PageCall) -> [UInt8]? { cookie(call).secret }

    /// The token for a visitor's form, and the cookie that it needs where the browser has none.
    static func token(_ call: PageCall) throws -> (text: String, cookies: [String]) {
        if let secret = secret(of: call) { return (FormToken.text(of: secret), []) }
        let secret = try Secrets.random(SessionCookie.secretBytes)
        return (FormToken.text(of: secret), [cookie(call).setting(secret)])
    }
}
