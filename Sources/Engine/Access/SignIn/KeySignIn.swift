internal import SaveDigest
package import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Signing in with an API key: as the password of its owner, as that of `__token__`, or as a bearer token.
package struct KeySignIn: ImmediateSignInProviding {
    private let serverKey: [UInt8]
    private let clock: PlatformClock

    /// - Parameter serverKey: the server's own 32 bytes, under which keys are hashed.
    package init(serverKey: [UInt8], clock: PlatformClock) {
        self.serverKey = serverKey
        self.clock = clock
    }

    package func recognizes(_ credential: PresentedCredential) -> Bool {
        APIKey.parse(credential.secret) != nil || credential.claimedOwner?.utf8.starts(with: "sa$".utf8) == true
    }

    package func identity(of credential: PresentedCredential) -> String {
        if credential.claimedOwner != nil { return credential.accountName?.text ?? "" }
        return APIKey.parse(credential.secret).map { "key \($0.id)" } ?? ""
    }

    package func verifyAtOnce(_ credential: PresentedCredential, in catalogue: CatalogueSnapshot) -> SignInVerdict {
        guard let candidate = APIKey.parse(credential.secret) else { return .unknown(.key) }
        guard let key = catalogue.keys[candidate.id],
            Secrets.areEqual(key.hash, APIKey.hash(candidate.bytes, serverKey: serverKey))
        else { return .refused(.key) }
        guard credential.claimedOwner == nil || credential.claimedOwner.flatMap(PrincipalName.init) == key.owner else {
            return .refused(.key(of: key.owner))
        }
        let now = clock.now()
        let proof = KeyProof(id: key.id, hash: key.hash)
        if proof.resolve(in: catalogue, at: now) != nil { return .proven(proof) }
        if let end = key.expires, now >= end { return .refused(.expired(at: end)) }
        return .refused(.disabled(key.owner))
    }
}

/// This key's text has exactly this hash.
struct KeyProof: CredentialProof {
    let id: String
    let hash: [UInt8]

    func resolve(in catalogue: CatalogueSnapshot, at now: Timestamp) -> ResolvedCredential? {
        guard let key = catalogue.keys[id], key.hash == hash, !key.hasEnded(at: now) else { return nil }
        let context = KeyContext(id: key.id, scopes: key.scopes, expires: key.expires)
        if key.owner.isRobot {
            guard let robot = catalogue.robots[key.owner.name], !robot.disabled else { return nil }
            let principal = Principal.robot(id: robot.id, name: robot.name, project: robot.project, key: context)
            return ResolvedCredential(principal, expires: key.expires)
        }
        guard let user = catalogue.users[key.owner.name], !user.disabled else { return nil }
        let principal = Principal.user(id: user.id, username: user.username, role: user.role, key: context)
        return ResolvedCredential(principal, expires: key.expires)
    }
}
