package import SavePlatform
package import SaveStorage

/// The sender of a request, what that rests on, and until when it holds at most.
package struct Authentication: Sendable {
    package let principal: Principal
    /// When it ends by itself: the end of the key, or what the provider says, whichever comes first; nil for no end.
    package let expires: Timestamp?
    /// Of a token, what of all that its account may do it is for; nil for all of it.
    package let grants: TokenGrants?
    private let proof: (any CredentialProof)?

    /// - Parameters:
    ///   - expires: what the provider says; the end of a key counts without being said.
    ///   - proof: what it rests on; nil for what needs no credential.
    package init(_ principal: Principal, expires: Timestamp? = nil, proof: (any CredentialProof)? = nil) {
        self.init(ResolvedCredential(principal, expires: expires), proof)
    }

    private init(_ resolved: ResolvedCredential, _ proof: (any CredentialProof)?) {
        let (principal, expires) = (resolved.principal, resolved.expires)
        self.principal = principal
        grants = resolved.grants
        self.expires = [expires, principal.key?.expires].compactMap(\.self).min()
        self.proof = proof
    }

    /// What a proof gives now; nil where it gives nothing any more.
    package init?(_ proof: any CredentialProof, in catalogue: CatalogueSnapshot, at now: Timestamp) {
        guard let resolved = proof.resolve(in: catalogue, at: now) else { return nil }
        self.init(resolved, proof)
        if hasEnded(at: now) { return nil }
    }

    /// Nobody in particular: a request without credentials.
    package static let anonymous = Authentication(.anonymous)
    /// The server itself, or an operator at its command line.
    package static let system = Authentication(.system)

    private static let ended = SaveError(
        .unauthenticated, "the credentials ended while the request was on its way: sign in again")

    package func hasEnded(at now: Timestamp) -> Bool { expires.map { now >= $0 } ?? false }

    /// The same as it is now, for what went on meanwhile. A token says when a request begins at the latest: a large upload that began before its end goes on.
    ///
    /// - Throws: `unauthenticated` once the account or the credential is gone, disabled, changed or has ended.
    package func renewed(in catalogue: CatalogueSnapshot, at now: Timestamp) throws -> Authentication {
        guard let proof else {
            if hasEnded(at: now) { throw Self.ended }
            return self
        }
        guard let resolved = proof.resolve(in: catalogue, at: now) else { throw Self.ended }
        let renewed = Authentication(resolved, proof)
        if grants == nil, renewed.hasEnded(at: now) { throw Self.ended }
        return renewed
    }
}

/// What a verified credential rests on. The principal follows from it and the catalogue, each time the catalogue changes.
package protocol CredentialProof: Sendable {
    /// The principal as it is now; nil once the account or the credential is gone, disabled, changed or expired.
    func resolve(in catalogue: CatalogueSnapshot, at now: Timestamp) -> ResolvedCredential?
}

/// The principal that a credential stands for, and until when at most.
package struct ResolvedCredential: Sendable {
    package let principal: Principal
    package let expires: Timestamp?
    let grants: TokenGrants?

    package init(_ principal: Principal, expires: Timestamp? = nil, grants: TokenGrants? = nil) {
        self.principal = principal
        self.expires = expires
        self.grants = grants
    }
}

/// What a token is for: so much of what its account may do, to these packages. The account must still be allowed to.
package struct TokenGrants: Sendable, Equatable {
    /// By the names that packages have in the paths of their clients (`FormatMount.packageName`).
    package let permissions: [String: Permissions]

    package init(_ permissions: [String: Permissions]) { self.permissions = permissions }

    /// Whether it is for something to a package; nothing else is.
    package func contain(_ permission: Permission, to package: String?) -> Bool {
        package.flatMap { permissions[$0] }?.contains(permission) ?? false
    }
}

extension SaveError {
    /// The same whatever is wrong with them.
    package static let credentialsNotValid = SaveError(
        .unauthenticated, "the credentials are not valid: check the user name and the password, or use another API key")
}
