/// A request method (RFC 9110, 9). Case-sensitive.
public enum HTTPMethod: Sendable, Hashable {
    case get, head, put, post, patch, delete, options
    case other(String)

    package init(_ name: String) {
        switch name {
        case "GET": self = .get
        case "HEAD": self = .head
        case "PUT": self = .put
        case "POST": self = .post
        case "PATCH": self = .patch
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        default: self = .other(name)
        }
    }

    public var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .put: "PUT"
        case .post: "POST"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other(let name): name
        }
    }

    /// GET and HEAD: the answer has the same headers, and nothing changes.
    public var isRead: Bool { self == .get || self == .head }
}
