internal import SavePlatform

/// What an import has to know of a record in the OSV schema, read without building the rest.
struct OSVFacts {
    struct Package: Hashable {
        /// Without what follows a colon, such as the release of a distribution.
        let ecosystem: String
        let name: String
    }

    private(set) var id = ""
    private(set) var modified: Timestamp?
    private(set) var aliases: [String] = []
    private(set) var packages: [Package] = []

    private static let maxNameBytes = 512
    /// Far more than any real record has.
    private static let maxNames = 10_000

    /// - Throws: why it is no record, in one line.
    init(_ document: [UInt8]) throws(OSVFailure) {
        var facts = Facts()
        do {
            var reader = JSONReader(document)
            try reader.object { key, reader throws(JSONError) in try facts.read(key, &reader) }
            try reader.end()
        } catch {
            throw OSVFailure("not JSON of a record: \(error)")
        }
        guard let id = facts.id, Self.isID(id) else { throw OSVFailure("it has no 'id' of 1 to 128 letters, digits and .:_-") }
        guard let text = facts.modified, let modified = Timestamp(rfc3339: text) else {
            throw OSVFailure("'modified' of \(id) is no time such as 2026-01-31T12:00:00Z")
        }
        let names = facts.aliases + facts.packages.flatMap { [$0.ecosystem, $0.name] }
        guard facts.isWithinLimits, names.count <= Self.maxNames, names.allSatisfy({ $0.utf8.count <= Self.maxNameBytes }) else {
            throw OSVFailure("\(id) has more than \(Self.maxNames) names, or one of more than \(Self.maxNameBytes) bytes")
        }
        // A record that only an import can read would be counted, and affect nothing.
        do {
            guard try JSONValue(parsing: document).object != nil else { throw OSVFailure("\(id) is no JSON object") }
        } catch let error as OSVFailure {
            throw error
        } catch {
            throw OSVFailure("not JSON of a record: \(error)")
        }
        self.id = id
        self.modified = modified
        aliases = facts.aliases
        packages = facts.packages
    }

    private static func isID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || ".:_-".utf8.contains($0) }
    }

    private struct Facts {
        var id: String?
        var modified: String?
        var aliases: [String] = []
        var packages: [Package] = []
        var isWithinLimits = true
        private var seen: Set<String> = []

        mutating func read(_ key: String, _ reader: inout JSONReader) throws(JSONError) {
            guard ["id", "modified", "aliases", "affected"].contains(key) else { return try reader.skip() }
            guard seen.insert(key).inserted else { throw reader.error("'\(key)' is there twice") }
            switch key {
            case "id": id = try reader.string()
            case "modified": modified = try reader.string()
            case "aliases": try readAliases(&reader)
            default: try readAffected(&reader)
            }
        }

        private mutating func readAliases(_ reader: inout JSONReader) throws(JSONError) {
            guard try reader.kind() == .array else { return try reader.skip() }
            try reader.array { reader throws(JSONError) in
                guard let alias = try reader.string() else { return }
                if aliases.count < OSVFacts.maxNames { aliases.append(alias) } else { isWithinLimits = false }
            }
        }

        private mutating func readAffected(_ reader: inout JSONReader) throws(JSONError) {
            guard try reader.kind() == .array else { return try reader.skip() }
            try reader.array { reader throws(JSONError) in
                guard try reader.kind() == .object else { return try reader.skip() }
                try reader.object { key, reader throws(JSONError) in
                    guard key == "package", try reader.kind() == .object else { return try reader.skip() }
                    try readPackage(&reader)
                }
            }
        }

        private mutating func readPackage(_ reader: inout JSONReader) throws(JSONError) {
            var ecosystem: String?
            var name: String?
            try reader.object { key, reader throws(JSONError) in
                switch key {
                case "ecosystem": ecosystem = try reader.string()
                case "name": name = try reader.string()
                default: try reader.skip()
                }
            }
            guard let ecosystem, let name else { return }
            guard packages.count < OSVFacts.maxNames else { return isWithinLimits = false }
            let base = ecosystem.utf8.prefix { $0 != UInt8(ascii: ":") }
            packages.append(Package(ecosystem: String(Substring(base)), name: name))
        }
    }
}

/// Why something is no record in the OSV schema.
struct OSVFailure: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
