/// A package URL (https://github.com/package-url/purl-spec): `pkg:pypi/foo@1.0`, `pkg:npm/%40scope/foo@1.0`.
///
/// Names are as their ecosystem spells them; what of two spellings is the same package, its format says. Qualifiers and a subpath are
/// read and left out: they choose among the files of a version.
package struct PackageURL: Sendable, Hashable, CustomStringConvertible {
    /// In small letters: `pypi`, `npm`.
    package let type: String
    /// With its namespace in front where it has one: `@scope/foo`.
    package let name: String
    /// nil for all versions.
    package let version: String?

    package init(type: String, name: String, version: String?) {
        self.type = ASCII.lowercased(type)
        // Of Maven the group id is the namespace, which its own clients set apart by a colon.
        self.name = self.type == "maven" ? name.replacing(":", with: "/") : name
        self.version = version
    }

    /// Reads the text of one.
    ///
    /// - Throws: `invalidRequest` with what is wrong with it.
    package init(_ text: String) throws {
        func wrong(_ why: String) -> SaveError {
            SaveError(.invalidRequest, "'\(text)' is no package URL such as pkg:pypi/name@1.0: \(why)")
        }
        let scheme = ASCII.lowercased(String(decoding: text.utf8.prefix(4), as: UTF8.self))
        guard ASCII.isEqual(scheme, "pkg:") else { throw wrong("it does not begin with pkg:") }
        var rest = Array(text.utf8.dropFirst(4))[...].drop { $0 == UInt8(ascii: "/") }
        if let end = rest.firstIndex(where: { $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: "?") }) { rest = rest[..<end] }
        let type = rest.prefix { $0 != UInt8(ascii: "/") }
        rest = rest.dropFirst(type.count).drop { $0 == UInt8(ascii: "/") }
        guard !type.isEmpty, type.allSatisfy({ ASCII.isAlphanumeric($0) || ".-".utf8.contains($0) }) else {
            throw wrong("it has no type")
        }
        // The last @ that is not encoded begins the version, except in front of a scope, which some tools leave as it is.
        var version: String?
        if let at = rest.lastIndex(of: UInt8(ascii: "@")), at > rest.startIndex,
            rest[at...].allSatisfy({ $0 != UInt8(ascii: "/") })
        {
            version = Self.decoded(rest[(at + 1)...])
            guard version?.isEmpty == false else { throw wrong("its version is not text") }
            rest = rest[..<at]
        }
        let segments = rest.split(separator: UInt8(ascii: "/"))
        let names = try segments.map { segment in
            guard let name = Self.decoded(segment), !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")) else {
                throw wrong("its name is not text")
            }
            return name
        }
        guard !names.isEmpty else { throw wrong("it has no name") }
        self.init(type: String(decoding: type, as: UTF8.self), name: names.joined(separator: "/"), version: version)
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let decoded = ASCII.percentDecoded(bytes), decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    package var description: String {
        let path = name.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
        let parts = (path.map(ASCII.percentEncoded)).joined(separator: "/")
        return "pkg:\(type)/\(parts)" + (version.map { "@\(ASCII.percentEncoded($0))" } ?? "")
    }
}
