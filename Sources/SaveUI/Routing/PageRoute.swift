internal import SaveHTTP
package import SavePlatform

/// A page or a form: its path, who may ask for it, and what it answers.
package struct PageRoute: Sendable {
    package let method: HTTPMethod
    /// Below `/ui`, as documents write it: `/account/keys/{id}/revoke`.
    package let pattern: String
    /// Whether it is for people who are signed in. What else they may see of a repository, `Viewer` decides.
    package let needsSession: Bool
    let endsInSlash: Bool
    /// Whether its form has a file.
    let takesFile: Bool
    /// What the audit trail calls what its form does, as the REST API does; nil where that leaves no record.
    package let action: String?
    let answer: @Sendable (PageCall) async throws -> PageAnswer

    init(
        _ method: HTTPMethod, _ pattern: String, needsSession: Bool = false, slash: Bool = false, takesFile: Bool = false,
        action: String? = nil, _ answer: @escaping @Sendable (PageCall) async throws -> PageAnswer
    ) {
        self.method = method
        self.pattern = pattern
        self.needsSession = needsSession
        endsInSlash = slash
        self.takesFile = takesFile
        self.action = action
        self.answer = answer
    }

    /// All pages and forms.
    package static let all = reading + AdministrationRoutes.all

    private static let reading: [PageRoute] = [
        PageRoute(.get, "/", slash: true, HomePage.answer),
        PageRoute(.get, "/search", SearchPage.answer),
        PageRoute(.get, "/login", LoginPage.answer),
        PageRoute(.post, "/login", LoginPage.signIn),
        PageRoute(.post, "/logout", needsSession: true, LoginPage.signOut),
        PageRoute(.get, "/account", needsSession: true, AccountPage.answer),
        PageRoute(.get, "/account/password", needsSession: true, OwnPassword.page),
        PageRoute(.post, "/account/password", needsSession: true, action: "user.password", OwnPassword.set),
        PageRoute(.post, "/account/times", needsSession: true, TimeForm.set),
        PageRoute(.post, "/account/keys", needsSession: true, action: "key.create", KeyForms.make),
        PageRoute(.post, "/account/keys/{id}/rotate", needsSession: true, action: "key.rotate", KeyForms.rotate),
        PageRoute(.post, "/account/keys/{id}/revoke", needsSession: true, action: "key.delete", KeyForms.revoke),
        PageRoute(.post, "/account/sessions/{id}/end", needsSession: true, action: "session.delete", AccountPage.endSession),
        PageRoute(.get, "/why/{id}", WhyPage.answer),
        PageRoute(.post, "/why/{id}/waiver", needsSession: true, action: "waiver.request", WhyPage.request),
        PageRoute(.get, "/{format}/{project}/{repository}", slash: true, RepositoryPage.answer),
        PageRoute(.get, "/{format}/{project}/{repository}/{package}", slash: true, PackagePage.answer),
    ]

    /// A package has as many segments as its name, and a version may follow.
    func matches(_ path: [String], _ viewer: Viewer) -> Bool {
        let words = pattern.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        let isOpen = words.last == "{package}"
        guard isOpen ? path.count >= words.count : path.count == words.count else { return false }
        if words.first == "{format}", Self.ownWords.contains(path.first ?? "") { return false }
        return zip(words, path).allSatisfy { $0.utf8.first == UInt8(ascii: "{") || ASCII.isEqual($0, $1) }
    }

    /// What is no format, whatever formats are called.
    private static let ownWords: Set<String> = ["account", "admin", "audit", "login", "logout", "search", "static", "why"]
}
