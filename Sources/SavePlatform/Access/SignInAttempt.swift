internal import Foundation

/// What an `Authorization` field says, before anything is looked up.
enum SignInAttempt: Sendable {
    /// Not a credential this server understands.
    case malformed
    /// A name with a password. The name need not be one that an account can have.
    case password(name: String, password: [UInt8])
    /// A key, with the name it came with where that limits whose key it may be.
    case key(APIKey.Candidate, claimedBy: String?)
    /// A robot's name with something that is no key.
    case robotWithoutKey(name: String)

    /// The user name that stands for "the password is a key, whoever owns it".
    static let tokenName = "__token__"

    /// The longest field that is read: 254 bytes of name and 1024 of password in Base64 fit twice.
    static let longest = 4096

    init(_ field: ArraySlice<UInt8>) {
        guard field.count <= Self.longest, let space = field.firstIndex(of: UInt8(ascii: " ")) else {
            self = .malformed
            return
        }
        // RFC 9110, 11.1: the scheme is "a case-insensitive token"; 11.4: "credentials = auth-scheme [ 1*SP ( token68 ...".
        let scheme = field[..<space].map(ASCII.lowercased)
        let token = field[space...].drop { $0 == UInt8(ascii: " ") }
        if scheme.elementsEqual("bearer".utf8) {
            self = APIKey.parse(token).map { .key($0, claimedBy: nil) } ?? .malformed
        } else if scheme.elementsEqual("basic".utf8) {
            self.init(basic: token)
        } else {
            self = .malformed
        }
    }

    /// RFC 7617, 2: the user id ends at the first colon; a password may have more of them.
    private init(basic token: ArraySlice<UInt8>) {
        guard let decoded = Data(base64Encoded: Data(token)), let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let name = String(validating: decoded[..<colon], as: UTF8.self).map(Self.unescaped),
            // The server announces `charset="UTF-8"`, so no password is anything else.
            String(validating: decoded[colon...], as: UTF8.self) != nil
        else {
            self = .malformed
            return
        }
        let password = [UInt8](decoded[decoded.index(after: colon)...])
        if let key = APIKey.parse(password) {
            self = .key(key, claimedBy: name == Self.tokenName ? nil : name)
        } else if name == Self.tokenName {
            self = .malformed
        } else if name.utf8.starts(with: "sa$".utf8) {
            self = .robotWithoutKey(name: name)
        } else {
            self = .password(name: name, password: password)
        }
    }

    /// A robot's name as some clients send it that take it out of a URL and forget to decode it: `sa%24ci`.
    private static func unescaped(_ name: String) -> String {
        name.utf8.starts(with: "sa%24".utf8) ? "sa$" + name.dropFirst(5) : name
    }

    /// The name for limits and for the audit trail: what was claimed if an account can have that name, and nothing that
    /// could be a secret in the wrong place.
    var identity: String {
        switch self {
        case .malformed: ""
        case .password(let name, _), .robotWithoutKey(let name), .key(_, .some(let name)):
            name.utf8.starts(with: APIKey.prefix.utf8) || PrincipalName(name) == nil ? "" : name
        case .key(let candidate, nil): "key \(candidate.id)"
        }
    }
}
