internal import FoundationEssentials
package import SaveHTTP
internal import SavePlatform
package import SaveStorage

/// What an `Authorization` field presents, before anybody says what it is: a secret, and the name it came with.
package struct PresentedCredential: Sendable {
    /// The user name of a Basic credential, with the `sa%24` of a robot read as `sa$`; nil for a bearer token and for a secret without
    /// a scheme.
    package let name: String?
    /// The password or the token. Never written anywhere.
    package let secret: [UInt8]

    /// The user name that stands for "the secret says whose it is".
    package static let tokenName = "__token__"

    /// The longest field that is read: 254 bytes of name and 1024 of password in Base64 fit twice.
    static let maxBytes = 4096

    /// Whether a field's value is one word, which no scheme of RFC 9110 is: a secret without a scheme, if anything.
    static func isBare(_ field: ArraySlice<UInt8>) -> Bool { !field.isEmpty && !field.contains(UInt8(ascii: " ")) }

    /// Whether a field's value has a token (`AccessTokens`), which is a credential in few places.
    static func hasToken(_ field: ArraySlice<UInt8>) -> Bool {
        let word = field.lastIndex(of: UInt8(ascii: " ")).map { field[($0 + 1)...] } ?? field
        return word.starts(with: AccessTokens.prefix.utf8)
    }

    /// Whether a field's value is a Basic credential of nobody: an empty name and an empty password, which clients of image registries send to
    /// whomever challenged them when they have no others.
    static func isOfNobody(_ field: ArraySlice<UInt8>) -> Bool {
        field.prefix(6).map(ASCII.lowercased).elementsEqual("basic ".utf8) && field.dropFirst(6).elementsEqual("Og==".utf8)
    }

    /// Reads a field's value; nil for what is no credential of a scheme that this server has.
    ///
    /// - Parameter takesBare: whether a secret without a scheme is one.
    package init?(_ field: ArraySlice<UInt8>, takesBare: Bool = false) {
        guard field.count <= Self.maxBytes else { return nil }
        if takesBare, Self.isBare(field) {
            name = nil
            secret = Array(field)
            return
        }
        guard let space = field.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        // RFC 9110, 11.1: the scheme is "a case-insensitive token"; 11.4: "credentials = auth-scheme [ 1*SP ( token68 ...".
        let scheme = field[..<space].map(ASCII.lowercased)
        let token = field[space...].drop { $0 == UInt8(ascii: " ") }
        if scheme.elementsEqual("bearer".utf8), !token.isEmpty {
            name = nil
            secret = Array(token)
        } else if scheme.elementsEqual("basic".utf8) {
            guard let (name, password) = Self.basic(token) else { return nil }
            self.name = name
            secret = password
        } else {
            return nil
        }
    }

    /// The name that a key or a token was sent under, where that limits whose it may be.
    package var claimedOwner: String? { name == Self.tokenName ? nil : name }

    /// The name, where an account can have it and it is no secret in the wrong place.
    package var accountName: PrincipalName? {
        guard let name, !name.utf8.starts(with: APIKey.prefix.utf8) else { return nil }
        return PrincipalName(name)
    }

    /// RFC 7617, 2: the user id ends at the first colon; a password may have more of them.
    private static func basic(_ token: ArraySlice<UInt8>) -> (name: String, password: [UInt8])? {
        guard let decoded = Data(base64Encoded: Data(token)), let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let name = String(validating: decoded[..<colon], as: UTF8.self),
            // The server announces `charset="UTF-8"`, so no password is anything else.
            String(validating: decoded[colon...], as: UTF8.self) != nil
        else { return nil }
        return (unescaped(name), [UInt8](decoded[decoded.index(after: colon)...]))
    }

    /// A robot's name as some clients send it that take it out of a URL and forget to decode it: `sa%24ci`.
    private static func unescaped(_ name: String) -> String {
        name.utf8.starts(with: "sa%24".utf8) ? "sa$" + name.dropFirst(5) : name
    }
}

extension HTTPRequest {
    /// The same request as if it had these credentials (RFC 7617, 2), and no body.
    package func presenting(_ name: String, _ password: String) -> HTTPRequest {
        var headers = headers
        headers["Authorization"] = "Basic " + Data("\(name):\(password)".utf8).base64EncodedString()
        return HTTPRequest(method: method, target: target, headers: headers, client: client, isSecure: isSecure, id: id)
    }
}
