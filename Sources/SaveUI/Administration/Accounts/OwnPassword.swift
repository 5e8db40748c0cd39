internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Another password for one's own account. A person before a browser that is signed in has to know the one there is.
enum OwnPassword {
    private static let fields = [
        FormField("current", "The password that you have", .secret, required: true),
        FormField(
            "password", "The new one", .secret, hint: "At least 8 characters. You sign in again with it, everywhere.",
            required: true),
    ]

    static func page(_ call: PageCall) async throws -> PageAnswer {
        let form = AdministrationForm("password", call.links.prefix + "/ui/account/password", fields, "Set the password")
        return PageAnswer(
            "Another password", section: .account,
            main: """
                <div class="narrow work">
                <p class="crumbs"><a href="\(call.links.account)">\(call.viewer.name ?? "")</a></p>
                <div class="head"><h1>Another password</h1></div>
                \(AdministrationPage.notice(call))
                \(try form.html(call))
                </div>
                """)
    }

    /// The password goes through the same gate as at the sign-in: the same limits, the same records.
    static func set(_ call: PageCall) async throws -> PageAnswer {
        let name = call.viewer.name ?? ""
        let again = PageAnswer(redirectTo: call.links.login)
        return try await Submission.once(call, form: "password", sentAlready: again, page: page) {
            do {
                _ = try await call.context.authenticator.authenticate(call.request.presenting(name, call["current"]))
            } catch let error as SaveError where error.code == .unauthenticated {
                throw SaveError(
                    .forbidden, "this is not the password that you have", details: ["field": "current"], underlying: error)
            }
            let body = AdministrationForm.body([fields[1]], call)
            _ = try await call.ask(APIQuestion(.put, ["users", name, "password"], body: .object(body)))
            return again
        }
    }
}
