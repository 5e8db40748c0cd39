package import SavePlatform
package import SaveStorage

/// The conditions of a request that changes a file (RFC 9110, 13.1): `If-Match`, `If-Unmodified-Since`, `If-None-Match`.
///
/// They are read before anything else happens, and checked in the transaction that carries the change out, so that of two
/// clients who both want a file to be new only one makes it.
package struct ChangeConditions: Sendable, Equatable {
    /// The file that a change is about, as a read shows it.
    package struct Current: Sendable {
        /// The strong entity tag with its quotes.
        package var etag: String
        package var modified: Timestamp

        package init(etag: String, modified: Timestamp) {
            self.etag = etag
            self.modified = modified
        }

        init(_ asset: StoredAsset) {
            etag = asset.etag
            modified = asset.record.published ?? asset.created
        }
    }

    private enum Tags: Sendable, Equatable {
        case any
        case these([String])
    }

    private var match: Tags?
    private var noneMatch: Tags?
    private var unmodifiedSince: Timestamp?

    /// No conditions.
    package static let none = ChangeConditions()

    private init() {}

    /// What a request says.
    ///
    /// - Throws: `invalidRequest` naming a field that has no entity tags: what was meant cannot be told, and a change that should not
    ///   have happened is not taken back.
    package init(_ headers: HTTPHeaders) throws {
        match = try Self.tags("If-Match", headers)
        noneMatch = try Self.tags("If-None-Match", headers)
        // 13.1.4: "A recipient MUST ignore the If-Unmodified-Since header field if the received field value is not a valid HTTP-date".
        unmodifiedSince = headers["if-unmodified-since"].flatMap(Timestamp.init(httpDate:))
    }

    package var isEmpty: Bool { self == .none }

    /// Refuses the change where a condition is false (13.2.2).
    ///
    /// - Parameter current: the file that is there; nil for none.
    /// - Throws: `preconditionFailed`.
    package func check(against current: Current?) throws {
        if let match {
            guard let current, Self.names(match, current.etag, isWeak: false) else {
                throw Self.failed(
                    "If-Match",
                    current == nil
                        ? "there is no such file: check the name" : "the file is another one than you expect; read it again")
            }
        } else if let unmodifiedSince, let current, current.modified.seconds > unmodifiedSince.seconds {
            throw Self.failed("If-Unmodified-Since", "the file was changed at \(current.modified.httpDate); read it again")
        }
        if let noneMatch, let current, Self.names(noneMatch, current.etag, isWeak: true) {
            throw Self.failed("If-None-Match", "the file exists already, as \(current.etag)")
        }
    }

    private static func names(_ tags: Tags, _ etag: String, isWeak: Bool) -> Bool {
        switch tags {
        case .any: true
        case .these(let tags):
            tags.contains { ASCII.isEqual($0, etag) || isWeak && ASCII.isEqual($0, "W/" + etag) }
        }
    }

    private static func failed(_ field: String, _ reason: String) -> SaveError {
        SaveError(.preconditionFailed, "\(field): \(reason)", details: ["field": field])
    }

    /// Every field of the name counts, as one list (RFC 9110, 5.3).
    private static func tags(_ field: String, _ headers: HTTPHeaders) throws -> Tags? {
        let values = headers.values(of: field)
        guard !values.isEmpty else { return nil }
        let list = values.joined(separator: ",")
        if Self.trimmed(list.utf8[...]).elementsEqual("*".utf8) { return .any }
        guard let tags = Self.parse(list), !tags.isEmpty else {
            throw SaveError.invalid(field, "\(field): must be * or entity tags in quotes, as ETag has them")
        }
        return .these(tags)
    }

    /// Entity tags between commas; nil for anything else. A tag may have commas of its own (8.8.3).
    private static func parse(_ list: String) -> [String]? {
        var tags: [String] = []
        var rest = list.utf8[...]
        while true {
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
            guard !rest.isEmpty else { return tags }
            let start = rest.startIndex
            if rest.starts(with: "W/".utf8) { rest = rest.dropFirst(2) }
            guard rest.popFirst() == UInt8(ascii: "\""), let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            let next = rest.index(after: end)
            tags.append(String(Substring(list.utf8[start..<next])))
            rest = rest[next...].drop { $0 == 0x20 || $0 == 0x09 }
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
        }
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var text = text.drop { $0 == 0x20 || $0 == 0x09 }
        while let last = text.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
        return text
    }
}

extension StoredAsset {
    /// The strong entity tag that reads show: the same bytes have the same, wherever they are.
    package var etag: String { "\"\(blob.hex)\"" }
}
