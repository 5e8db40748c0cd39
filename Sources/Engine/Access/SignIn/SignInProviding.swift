package import SavePlatform
package import SaveStorage

/// One way of signing in: passwords that this server keeps, API keys, later a directory or tokens of a CI system.
///
/// A provider says only whether a credential is right, and what that rests on. Limits, what is remembered, what is written
/// down and the account that the credential stands for at the moment are the `Authenticator`'s, the same for every provider.
package protocol SignInProviding: Sendable {
    /// Whether a credential has the form that this provider checks. Looks nothing up.
    func recognizes(_ credential: PresentedCredential) -> Bool

    /// What failures of this credential are counted and recorded under: a name, and never anything secret.
    func identity(of credential: PresentedCredential) -> String

    /// Checks a credential that it recognizes.
    ///
    /// - Throws: where nothing can be said, `busy` for example; then nothing is counted.
    func verify(_ credential: PresentedCredential, in catalogue: CatalogueSnapshot) async throws -> SignInVerdict
}

/// A provider whose check costs microseconds and waits for nothing. It is asked for every request on the server's own
/// threads, before limits: what it proves is never slowed down by somebody's guesses.
package protocol ImmediateSignInProviding: SignInProviding {
    func verifyAtOnce(_ credential: PresentedCredential, in catalogue: CatalogueSnapshot) -> SignInVerdict
}

extension ImmediateSignInProviding {
    package func verify(_ credential: PresentedCredential, in catalogue: CatalogueSnapshot) async throws -> SignInVerdict {
        verifyAtOnce(credential, in: catalogue)
    }
}

extension SignInProviding {
    /// The name that came with the credential.
    package func identity(of credential: PresentedCredential) -> String { credential.accountName?.text ?? "" }
}

/// What a provider says of a credential.
package enum SignInVerdict: Sendable {
    /// It is right, and rests on this.
    case proven(any CredentialProof)
    /// It is not right, and nobody else is asked.
    case refused(SignInRefusal)
    /// It is nothing this provider knows; the next one that recognizes it is asked. The reason stands if nobody knows it.
    case unknown(SignInRefusal)
}

/// Why a sign-in failed. The client is told the same in every case but one: a client that sends the right secret learns why it does
/// not sign in, which gives nothing away to one that guesses.
package struct SignInRefusal: Sendable, Equatable {
    /// A word of lower-case letters and underscores, for the audit trail.
    package let reason: String
    /// What the client is told, where the secret was right: one sentence, and how to go on. nil for all others.
    package let told: String?
    /// Whether it counts as a failure, and the audit trail is told.
    package let isRecorded: Bool

    package init(_ reason: String, told: String? = nil, isRecorded: Bool = true) {
        self.reason = reason
        self.told = told
        self.isRecorded = isRecorded
    }

    /// No credential of a form that any provider checks.
    package static let malformed = SignInRefusal("malformed")
    package static let password = SignInRefusal("password")
    package static let key = SignInRefusal("key")
    package static let unknownUser = SignInRefusal("unknown_user")
    /// It was not looked at, after too many failures.
    package static let limited = SignInRefusal("limited")

    /// A key that had an end.
    package static func expired(at end: Timestamp) -> SignInRefusal {
        SignInRefusal("expired", told: "the API key expired at \(end.rfc3339): use another one")
    }

    /// An account that may not sign in at the moment.
    package static func disabled(_ name: PrincipalName) -> SignInRefusal {
        SignInRefusal(
            "disabled", told: "the account '\(name.text)' is disabled: ask an administrator of this server to enable it")
    }

    /// A key that came with somebody else's name.
    package static func key(of owner: PrincipalName) -> SignInRefusal {
        SignInRefusal(
            "key", told: "the API key is not that account's: send it with the user name '\(owner.text)' or '__token__'")
    }

    /// What it rests on changed while it was checked.
    package static let superseded = SignInRefusal("superseded")
}
