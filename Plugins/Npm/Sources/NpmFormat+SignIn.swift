public import SavePlatform

/// `npm login`, as registries have had it from the beginning (npm registry API, "Auth"), and `npm logout`.
extension NpmFormat: ClientSigningIn {
    private static let userPrefix = "org.couchdb.user:"

    public static func signIn(_ request: FormatRequest) throws -> SignInStep? {
        let segments = request.path.segments
        guard segments.first == "-", segments.count > 1 else { return nil }
        switch (request.method, segments[1], segments.count) {
        case (.put, "user", 3) where segments[2].utf8.starts(with: userPrefix.utf8):
            let name = String(Substring(segments[2].utf8.dropFirst(userPrefix.utf8.count)))
            // yarn looks for `ok`, npm for `token`.
            return .begin(
                SignInForm(
                    name: name, nameMember: "name", passwordMember: "password", keyMember: "token",
                    answer: ["ok": "signed in", "id": .string(segments[2])]))
        case (.delete, "user", 4) where segments[2] == "token": return .end(key: segments[3])
        case (.post, "v1", 3) where segments[2] == "login":
            // npm asks this first; told that it is not there, it goes on to ask for a name and a password.
            throw SaveError(.notFound, "nobody signs in by a page here: give a name and a password")
        case (_, "npm", 4...) where segments[3] == "tokens": throw ElsewhereCommands.keys
        default: return nil
        }
    }
}
