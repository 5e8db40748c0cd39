internal import SavePlatform
internal import SaveStorage

/// Signing in with the password of a user of this server.
package struct PasswordSignIn: SignInProviding {
    private let hasher: any PasswordHashing

    package init(hasher: any PasswordHashing) { self.hasher = hasher }

    /// Any name with any password. Robots have no passwords, and a token says itself whose it is.
    package func recognizes(_ credential: PresentedCredential) -> Bool {
        guard let name = credential.claimedOwner else { return false }
        return !name.utf8.starts(with: "sa$".utf8)
    }

    package func verify(_ credential: PresentedCredential, in catalogue: CatalogueSnapshot) async throws -> SignInVerdict {
        let user = credential.name.flatMap(PrincipalName.init).flatMap { catalogue.users[$0.name] }
        // An unknown user costs what a wrong password costs, and so does a disabled one.
        let isRight = try await hasher.verify(credential.secret, against: user?.passwordHash)
        guard let user else { return .unknown(.unknownUser) }
        guard isRight else { return .refused(.password) }
        guard !user.disabled else { return .refused(.disabled(.user(user.username))) }
        return .proven(PasswordProof(username: user.username, hash: user.passwordHash))
    }
}

/// This user's password was checked against exactly this hash.
struct PasswordProof: CredentialProof {
    let username: String
    let hash: String

    func resolve(in catalogue: CatalogueSnapshot, at now: Timestamp) -> ResolvedCredential? {
        guard let user = catalogue.users[username], !user.disabled, user.passwordHash == hash else { return nil }
        return ResolvedCredential(.user(id: user.id, username: user.username, role: user.role, key: nil))
    }
}
