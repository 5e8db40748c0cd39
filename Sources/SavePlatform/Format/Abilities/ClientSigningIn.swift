/// A format whose clients sign in by requests of their own protocol: they send a name and a password once, keep the key that
/// they get, and send it back when they sign out.
///
/// A second protocol beside `RepositoryFormat`. Which requests these are is asked before the repository is looked up, whatever
/// its settings are, so that no answer tells whether it is there. The format says where in a request and in its answer
/// credentials are, and never sees one (`docs/adr/0027-clients-sign-in.md`).
public protocol ClientSigningIn: Sendable {
    /// What a request asks for; nil where it is about something else. Only changes are asked about.
    ///
    /// - Throws: what the client is to be told of a way of signing in that there is not; it leaves no record.
    static func signIn(_ request: FormatRequest) throws -> SignInStep?
}

/// What a client wants with its credentials.
public enum SignInStep: Sendable, Equatable {
    /// A key for a client that knows a password.
    case begin(SignInForm)
    /// The end of a key, which the path has.
    case end(key: String)
}

/// Where credentials are in a request that signs in, whose body is a JSON object, and in its answer, which is 201 and one as
/// well.
public struct SignInForm: Sendable, Equatable {
    /// The user that signs in, where the path says it; the body must say the same.
    public var name: String?
    /// The member of the body that has the name.
    public var nameMember: String
    /// The member of the body that has the password.
    public var passwordMember: String
    /// The member of the answer that has the key.
    public var keyMember: String
    /// The answer's other members.
    public var answer: JSONObject

    /// Where credentials are.
    public init(
        name: String? = nil, nameMember: String, passwordMember: String, keyMember: String, answer: JSONObject = JSONObject()
    ) {
        self.name = name
        self.nameMember = nameMember
        self.passwordMember = passwordMember
        self.keyMember = keyMember
        self.answer = answer
    }
}
