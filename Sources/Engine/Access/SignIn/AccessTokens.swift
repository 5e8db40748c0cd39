internal import FoundationEssentials
internal import SaveDigest
package import SaveHTTP
package import SavePlatform
package import SaveStorage

/// Tokens that a client gets for the credentials that it has: for a short time and for what it says that it will do, so that it need not send the
/// credentials along with every request.
///
/// Nothing of them is kept. A token is sealed under the server's own key, says what it rests on, and ends with that: with its account's password, or with
/// the key that it was asked for with. It signs in below the mounts whose clients get tokens, and nowhere else.
package struct AccessTokens: ImmediateSignInProviding {
    /// What every token starts with.
    static let prefix = "sat_"
    /// Seconds. "For compatibility with older clients, a token should never be returned with less than 60 seconds to live."
    package static let lifetime: Int64 = 300
    /// Bytes of a token, which with its scheme has to fit into the longest field that is read.
    private static let maxBytes = PresentedCredential.maxBytes - 16

    private let key: [UInt8]
    private let clock: PlatformClock

    /// - Parameter serverKey: the server's own 32 bytes.
    package init(serverKey: [UInt8], clock: PlatformClock) {
        key = Secrets.hmacSHA256(key: serverKey, Array("save access token".utf8))
        self.clock = clock
    }

    // MARK: Given

    /// Makes a token.
    ///
    /// - Parameter sender: anybody, anonymous as well, that sent no token.
    /// - Returns: its text, and when it ends.
    /// - Throws: `unauthenticated` where the account has gone meanwhile; `invalidRequest` for more grants than fit.
    package func issue(
        for sender: Authentication, _ grants: TokenGrants, in catalogue: CatalogueSnapshot
    ) throws -> (text: String, end: Timestamp) {
        let end = [sender.expires, clock.now().adding(seconds: Self.lifetime)].compactMap(\.self).min() ?? clock.now()
        var members: JSONObject = [
            "until": .integer(end.microseconds),
            "grants": .object(
                JSONObject(
                    grants.permissions.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.integer(Int64($0.value.rawValue))) })),
        ]
        if let name = sender.principal.name {
            let basis = Basis(name, key: sender.principal.key?.id)
            guard let secret = basis.secret(in: catalogue) else { throw SaveError.credentialsNotValid }
            members["name"] = .string(name.text)
            members["key"] = basis.key.map(JSONValue.string)
            members["secret"] = .string(fingerprint(secret))
        }
        let sealed = try Secrets.seal(JSONValue.object(members).bytes, key: key)
        let text = Self.prefix + Data(sealed).base64EncodedString()
        guard text.utf8.count <= Self.maxBytes else {
            throw SaveError.invalid("scope", "scope: too many at once: ask for several tokens")
        }
        return (text, end)
    }

    /// What a token rests on: a key, or else the password of a user.
    private struct Basis {
        let name: PrincipalName
        let key: String?

        init(_ name: PrincipalName, key: String?) {
            self.name = name
            self.key = key
        }

        /// What is stored of it; nil once it is gone.
        func secret(in catalogue: CatalogueSnapshot) -> [UInt8]? {
            if let key { return catalogue.keys[key].flatMap { $0.owner == name ? $0.hash : nil } }
            return name.isRobot ? nil : catalogue.users[name.name].map { Array($0.passwordHash.utf8) }
        }

        func proof(in catalogue: CatalogueSnapshot) -> (any CredentialProof)? {
            if let key { return catalogue.keys[key].map { KeyProof(id: key, hash: $0.hash) } }
            return catalogue.users[name.name].map { PasswordProof(username: name.name, hash: $0.passwordHash) }
        }
    }

    private func fingerprint(_ secret: [UInt8]) -> String {
        Hex.encode(Array(Secrets.hmacSHA256(key: key, secret).prefix(16)))
    }

    // MARK: Taken

    package func recognizes(_ credential: PresentedCredential) -> Bool {
        credential.name == nil && credential.secret.starts(with: Self.prefix.utf8)
    }

    package func identity(of credential: PresentedCredential) -> String { "token" }

    package func verifyAtOnce(_ credential: PresentedCredential, in catalogue: CatalogueSnapshot) -> SignInVerdict {
        guard let sealed = Data(base64Encoded: Data(credential.secret.dropFirst(Self.prefix.utf8.count))),
            let bytes = try? Secrets.open([UInt8](sealed), key: key), let object = try? JSONValue(parsing: bytes).object,
            let until = object["until"]?.integer, let grants = object["grants"]?.object
        else { return .refused(Self.malformed) }
        // None was ever given for longer; a clock that was wrong gave this one.
        guard until <= clock.now().adding(seconds: Self.lifetime).microseconds else { return .refused(Self.ended) }
        var underlying: (any CredentialProof)?
        if let name = object["name"]?.string.flatMap(PrincipalName.init) {
            let basis = Basis(name, key: object["key"]?.string)
            guard let secret = basis.secret(in: catalogue), let proof = basis.proof(in: catalogue),
                object["secret"]?.string == fingerprint(secret)
            else { return .refused(Self.ended) }
            underlying = proof
        }
        let permissions = grants.members.map { ($0.key, Permissions(rawValue: UInt8(clamping: $0.value.integer ?? 0))) }
        let proof = TokenProof(
            underlying: underlying, grants: TokenGrants(Dictionary(permissions) { first, _ in first }),
            end: Timestamp(microseconds: until))
        guard Authentication(proof, in: catalogue, at: clock.now()) != nil else { return .refused(Self.ended) }
        return .proven(proof)
    }

    private static let malformed = SignInRefusal("token")
    /// Clients ask for another one by themselves, every few minutes: no guess of a secret, and no failure that is written down.
    private static let ended = SignInRefusal("expired", told: "the token has ended: ask for another one", isRecorded: false)
}

/// This token was sealed here, and what it rests on is as it was.
private struct TokenProof: CredentialProof {
    /// nil for a token of a visitor.
    let underlying: (any CredentialProof)?
    let grants: TokenGrants
    let end: Timestamp

    func resolve(in catalogue: CatalogueSnapshot, at now: Timestamp) -> ResolvedCredential? {
        guard let underlying else { return ResolvedCredential(.anonymous, expires: end, grants: grants) }
        guard let resolved = underlying.resolve(in: catalogue, at: now) else { return nil }
        return ResolvedCredential(
            resolved.principal, expires: [resolved.expires, end].compactMap(\.self).min(), grants: grants)
    }
}
