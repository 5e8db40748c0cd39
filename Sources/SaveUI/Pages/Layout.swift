internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What every page has around it, and every answer with one.
enum Layout {
    /// Nothing from another origin, nothing inline, nobody's frame. `/ui` alone has it: what publishers wrote is elsewhere.
    static let policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'; connect-src 'self'"

    static func response(_ answer: PageAnswer, _ call: PageCall) -> HTTPResponse {
        var headers: HTTPHeaders = [
            "Cache-Control": "private, no-store", "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin", "Vary": "Cookie",
        ]
        for cookie in answer.cookies { headers.append("Set-Cookie", cookie) }
        if let retryAfter = answer.retryAfter { headers.append("Retry-After", retryAfter) }
        if let location = answer.location {
            headers.append("Location", location)
            return HTTPResponse(status: answer.status, headers: headers)
        }
        if var file = answer.file {
            for field in ["Cache-Control", "Vary"] { file.headers[field] = headers[field] }
            // Files of publishers have a stricter policy of their own.
            for field in ["Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"] where file.headers[field] == nil
            {
                file.headers[field] = headers[field]
            }
            return file
        }
        headers.append("Content-Type", MediaType.html.value)
        return HTTPResponse(status: answer.status, headers: headers, body: .bytes(Array(document(answer, call).text.utf8)))
    }

    private static func document(_ answer: PageAnswer, _ call: PageCall) -> HTML {
        let links = call.links
        return """
            <!DOCTYPE html>
            <html lang="en"\(times(call.times))>
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(answer.title) · Save</title>
            <link rel="icon" type="image/svg+xml" href="\(links.file(.icon))">
            <link rel="stylesheet" href="\(links.file(.style))">
            <script type="module" src="\(links.file(.script))"></script>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the content</a>
            <header class="bar"><div>
            <a class="brand" href="\(links.home)">\(Icon.inline)Save</a>
            <search><form action="\(links.search)"><input type="search" name="q" aria-label="Search packages" \
            placeholder="Search packages in all repositories" value="\(answer.searched)"></form></search>
            <nav aria-label="Main">
            \(link("Repositories", links.home, isCurrent: answer.section == .repositories))
            \(administration(answer, call))
            \(account(answer, call))
            </nav>
            </div></header>
            <main class="page" id="main">
            \(answer.main)
            </main>
            <footer><p>Save \(call.context.version) · <a href="\(links.api)">REST API</a></p></footer>
            </body>
            </html>

            """
    }

    /// For the style sheet, and for the script that tells times.
    private static func times(_ times: TimeStyle) -> HTML {
        let form: HTML = times.form == .ago ? "" : " data-times=\"\(times.form.rawValue)\""
        let language: HTML = times.language.isEmpty ? "" : " data-language=\"\(times.language)\""
        let zone: HTML = times.zone.isEmpty ? "" : " data-zone=\"\(times.zone)\""
        return "\(form)\(language)\(zone)"
    }

    private static func link(_ text: String, _ url: String, isCurrent: Bool) -> HTML {
        isCurrent ? "<a href=\"\(url)\" aria-current=\"page\">\(text)</a>" : "<a href=\"\(url)\">\(text)</a>"
    }

    /// For those who have something to look after.
    private static func administration(_ answer: PageAnswer, _ call: PageCall) -> HTML {
        guard call.session != nil, call.viewer.administers else { return "" }
        let audit = link("Audit", call.links.audit, isCurrent: answer.section == .audit)
        return """
            \(call.viewer.inspects ? audit : "")
            \(link("Administration", call.links.administration(), isCurrent: answer.section == .administration))
            """
    }

    private static func account(_ answer: PageAnswer, _ call: PageCall) -> HTML {
        guard let session = call.session else {
            return
                "<a href=\"\(call.links.login(returningTo: call.request.method.isRead ? call.request.target : []))\">Sign in</a>"
        }
        return """
            \(link(session.record.username, call.links.account, isCurrent: answer.section == .account))
            <form method="post" action="\(call.links.logout)">\(FormToken.input(session.token))<button class="quiet">Sign out</button></form>
            """
    }
}
