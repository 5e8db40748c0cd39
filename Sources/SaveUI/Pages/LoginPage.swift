internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Signing in with a name and a password, and out.
enum LoginPage {
    static func answer(_ call: PageCall) async throws -> PageAnswer {
        if call.session != nil { return PageAnswer(redirectTo: destination(call.asked("return") ?? "", call)) }
        return try page(call, target: call.asked("return") ?? "", failure: nil)
    }

    /// The password goes through the same gate as every other: the same limits, the same records.
    static func signIn(_ call: PageCall) async throws -> PageAnswer {
        let target = call["return"]
        let name = call["username"]
        let secret: [UInt8]
        do {
            guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: ":")) else { throw SaveError.credentialsNotValid }
            let sender = try await call.context.authenticator.authenticate(call.request.presenting(name, call["password"]))
            secret = try await call.sessions.begin(for: sender, call.request, replacing: cookie(call).secret)
            call.context.noteSignIn(sender.principal, call.request)
        } catch let error as SaveError where [.unauthenticated, .forbidden, .tooManyRequests].contains(error.code) {
            return try page(call, target: target, failure: error)
        }
        return PageAnswer(redirectTo: destination(target, call), cookies: [cookie(call).setting(secret)])
    }

    static func signOut(_ call: PageCall) async throws -> PageAnswer {
        if let session = call.session {
            let context = AuditContext(call.request, call.viewer.principal)
            try await call.sessions.end(session.record.id, of: session.record.username, context)
        }
        return PageAnswer(redirectTo: call.links.login, cookies: [cookie(call).clearing])
    }

    private static func cookie(_ call: PageCall) -> SessionCookie { SessionCookie(call.request, call.context.publicAddress) }

    /// Where somebody wanted to go, where that is a page of this server; else the home page.
    private static func destination(_ target: String, _ call: PageCall) -> String {
        Links.isOwn(target) ? call.links.prefix + target : call.links.home
    }

    private static func page(_ call: PageCall, target: String, failure: SaveError?) throws -> PageAnswer {
        let token = try VisitorCookie.token(call)
        let notice = failure.map { Parts.notice(.bad, "<p>\(FailurePage.sentence($0.message))</p>") }
        var answer = PageAnswer(
            "Sign in",
            main: """
                <div class="narrow">
                <div class="head"><h1>Sign in</h1><p>With the account that an administrator of this server made for you.</p></div>
                \(notice)
                <form class="form" method="post" action="\(call.links.login)">
                \(FormToken.input(call.session?.token ?? token.text))
                <input type="hidden" name="return" value="\(Links.isOwn(target) ? target : "")">
                <label for="username">User name</label>
                <input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus \
                value="\(call["username"])">
                <label for="password">Password</label>
                <input id="password" name="password" type="password" autocomplete="current-password" required>
                <p class="hint">API keys are for programs: make them on your account's page once you are signed in.</p>
                <button class="go">Sign in</button>
                </form>
                </div>
                """)
        answer.cookies = token.cookies
        if let failure { answer.status = failure.code == .tooManyRequests ? 429 : 403 }
        answer.retryAfter = failure?.details["retry_after"]
        return answer
    }
}
