internal import SavePlatform

/// What a request's `Cache-Control` says of copies between the client and where things come from (RFC 9111, 5.2.1).
package enum Revalidation: Equatable {
    case none
    /// `max-age=0`. pip sends it with every page it asks for, so it says nothing about this one.
    case hinted
    /// `no-cache`: somebody wants to know now, as with `uv --refresh`.
    case demanded

    package init(_ request: HTTPRequest) {
        guard let field = request.headers.bytes(of: "cache-control") else {
            self = .none
            return
        }
        let directives = field.split(separator: UInt8(ascii: ",")).map { directive in
            directive.filter { $0 != 0x20 && $0 != 0x09 }.map(ASCII.lowercased)
        }
        if directives.contains(where: { $0.elementsEqual("no-cache".utf8) }) {
            self = .demanded
        } else if directives.contains(where: { $0.elementsEqual("max-age=0".utf8) }) {
            self = .hinted
        } else {
            self = .none
        }
    }
}
