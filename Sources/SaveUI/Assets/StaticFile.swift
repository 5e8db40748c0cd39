internal import SaveDigest
internal import SaveHTTP

/// A file that pages load, under a name with its own digest: it never changes, and browsers keep it.
struct StaticFile: Sendable {
    /// `<digest>.css`.
    let name: String
    private let type: String
    private let bytes: [UInt8]

    private init(_ text: String, type: String, ending: String) {
        bytes = Array(text.utf8)
        self.type = type
        name = Hex.encode(Digest.of(bytes).prefix(10)) + "." + ending
    }

    static let style = StaticFile(StyleSheet.text + AdministrationStyle.text, type: "text/css; charset=utf-8", ending: "css")
    static let script = StaticFile(Script.text + AdministrationScript.text, type: "text/javascript; charset=utf-8", ending: "js")
    static let icon = StaticFile(Icon.file, type: "image/svg+xml", ending: "svg")

    static let all = [style, script, icon]

    var response: HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": type, "Cache-Control": "public, max-age=31536000, immutable",
                // Nothing runs where one of them is opened by itself.
                "Content-Security-Policy": HTTPResponse.inertPolicy, "X-Content-Type-Options": "nosniff",
            ], body: .bytes(bytes))
    }
}
