internal import SaveDigest
internal import SavePlatform

/// A checksum database that an upstream passes through, such as the go command asks for the hash of a module that no go.sum file has (Go
/// Modules Reference, "Checksum database"; "Design: proxying a checksum database").
///
/// The go command checks what it gets by the database's own key: nothing of it is believed here, and nothing is read.
struct ChecksumDatabase {
    /// The setting that names the databases.
    static let setting = "sumdb"
    /// What the names of its indexes begin with. No module's path has a colon, so that the text of an index is of one module.
    private static let prefix = "sumdb:"
    private static let bytesKey = "bytes"
    private static let maxNames = 16
    /// Bytes. A tile has 256 hashes.
    static let maxBytes: Int64 = 64 << 10

    /// Reads the setting.
    ///
    /// - Throws: `invalidRequest` naming it.
    static func names(in settings: JSONObject) throws -> Set<String> {
        guard let value = settings[setting], !value.isNull else { return [] }
        guard let values = value.array, values.count <= maxNames else { throw wrong }
        return Set(
            try values.map { value in
                guard let name = value.string, let path = ModulePath(name), path.text.utf8.allSatisfy({ $0 != UInt8(ascii: "/") })
                else { throw wrong }
                return name
            })
    }

    private static let wrong = SaveError.invalid(
        setting, "\(setting): must be a list of names of checksum databases, such as sum.example.com")

    // MARK: Requests

    /// The index that a path below `/sumdb/<name>` asks for; nil for what is no path of a database.
    ///
    /// What is about a module is asked for as the module is: not where it is hosted, or reserved, so that no own name leaves.
    static func index(_ name: String, _ rest: ArraySlice<String>) -> IndexKey? {
        guard let what = rest.first else { return nil }
        switch what {
        case "supported" where rest.count == 1, "latest" where rest.count == 1:
            return .custom("\(prefix)\(name)/\(what)", package: nil)
        case "tile" where (4...12).contains(rest.count) && rest.dropFirst().allSatisfy(isOfTile):
            return .custom("\(prefix)\(name)/\(rest.joined(separator: "/"))", package: nil)
        case "lookup":
            let text = rest.dropFirst().joined(separator: "/")
            guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")),
                let module = CaseEscape.unescaped(String(text[..<at])).flatMap({ ModulePath($0) }),
                let version = ModuleVersion(escaped: String(Substring(text.utf8[at...].dropFirst()))), module.takes(version)
            else { return nil }
            return .custom("\(prefix)\(name)/lookup/\(version.escaped)", package: module.package)
        default: return nil
        }
    }

    /// `8`, `data`, `x001`, `067.p`.
    private static func isOfTile(_ element: String) -> Bool {
        element == "data"
            || (1...8).contains(element.utf8.count) && element.utf8.allSatisfy { ASCII.isDigit($0) || "xp.".utf8.contains($0) }
                && element.utf8.first != UInt8(ascii: ".")
    }

    /// Where an upstream has what an index is, below its base; nil for other indexes.
    static func place(of index: IndexKey) -> String? {
        guard case .custom(let name, let package) = index, name.utf8.starts(with: prefix.utf8) else { return nil }
        let path = String(Substring(name.utf8.dropFirst(prefix.utf8.count)))
        guard let package else { return "sumdb/\(path)" }
        guard let module = ModulePath(package.name), let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return "sumdb/\(path[...slash])\(module.escaped)@\(path[path.utf8.index(after: slash)...])"
    }

    // MARK: Answers

    static func listing(of document: UpstreamDocument) -> Listing {
        Listing(attributes: [bytesKey: .string(Hex.encode(document.bytes))])
    }

    /// - Throws: `packageNotFound` where the listing is not an upstream's answer.
    static func document(_ listing: Listing, as type: MediaType) throws -> Document {
        guard let bytes = listing.attributes[bytesKey]?.string.flatMap(Hex.decode) else { throw missing }
        return Document(type: type, bytes: bytes)
    }

    static let missing = SaveError(
        .notFound,
        "no checksum database has it: the go command asks for modules of your own nowhere where GONOSUMDB names them")
}
