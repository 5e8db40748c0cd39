internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// A person's own account: API keys and sessions.
enum AccountPage {
    static func answer(_ call: PageCall) async throws -> PageAnswer {
        try await page(call, notice: AdministrationPage.notice(call))
    }

    static func page(_ call: PageCall, notice: HTML?, status: Int = 200) async throws -> PageAnswer {
        guard let session = call.session else { throw SaveError.signInForThis }
        let after = call.asked("after").map { [("after", $0)] } ?? []
        let keys = try await call.ask(APIQuestion(.get, ["user", "keys"], query: [("limit", "200")] + after))
        let next = keys["next"]?.string.map { Links.url(call.links.account, [("after", $0)]) }
        let sessions = try await call.sessions.list(of: session.record.username)
        return PageAnswer(
            "Account", section: .account, status: status,
            main: """
                <div class="head"><h1>\(session.record.username)</h1>\(role(call.viewer.principal))</div>
                \(notice)
                <h2>API keys</h2>
                <p>A key signs a program in as you, with your name and the key as its password. Give each machine its own.</p>
                \(try KeyForms.table(keys["items"]?.array?.compactMap(\.object) ?? [], call))
                \(next.map { "<nav class=\"pages\" aria-label=\"Pages\"><a rel=\"next\" href=\"\($0)\">Next page</a></nav>" as HTML })
                \(try KeyForms.form(call))
                <p><a href="\(call.links.prefix)/ui/account/password">Set another password</a></p>
                <h2>Sessions</h2>
                <p>Browsers in which you are signed in. A session ends after \(BrowserSessions.idle / 3600) hours without use.</p>
                \(table(sessions, session, call))
                \(try TimeForm.html(call))
                """)
    }

    private static func role(_ principal: Principal) -> HTML {
        guard case .user(_, _, let role, _) = principal, role != .user else { return "" }
        return Parts.badge(role == .admin ? "administrator" : "auditor", .note)
    }

    private static func table(_ sessions: [SessionRecord], _ own: BrowserSessions.Session, _ call: PageCall) -> HTML {
        let rows = sessions.map { session -> [HTML] in
            let isOwn = session.id == own.record.id
            return [
                "\(Browser.name(of: session.userAgent)) \(isOwn ? Parts.badge("this one", .ok) : "")", "\(session.address)",
                Parts.time(session.created, now: call.now), Parts.time(session.used, now: call.now),
                """
                <form method="post" action="\(call.links.account)/sessions/\(session.id)/end">\(FormToken.input(own.token))\
                <button class="danger" aria-label="End the session of \(Browser.name(of: session.userAgent)), \(session.address)">End</button></form>
                """,
            ]
        }
        return Parts.table(["Browser", "Address", "Since", "Last use", "End#"], rows)
    }

    static func endSession(_ call: PageCall) async throws -> PageAnswer {
        guard let own = call.session else { throw SaveError.signInForThis }
        try await call.sessions.end(call.path[2], of: own.record.username, AuditContext(call.request, call.viewer.principal))
        return PageAnswer(redirectTo: call.path[2] == own.record.id ? call.links.login : call.links.account)
    }
}

/// What a browser calls itself, in two words.
enum Browser {
    static func name(of agent: String) -> String {
        let browsers = [
            ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
        ]
        let systems = [
            ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
            ("Linux", "Linux"),
        ]
        guard let browser = browsers.first(where: { agent.contains($0.0) })?.1 else {
            return agent.isEmpty ? "unknown" : String(agent.prefix(60))
        }
        return browser + (systems.first { agent.contains($0.0) }.map { " on \($0.1)" } ?? "")
    }
}
