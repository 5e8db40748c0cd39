/// What somebody looks for among the packages of a repository, in words.
public struct SearchQuery: Sendable, Hashable {
    /// As the client wrote it; an upstream is asked with it.
    public let text: String
    /// How many matches are left out, from the best on.
    public let from: Int
    /// How many are wanted after those.
    public let size: Int

    /// A search ends here: a client that has not found it among so many needs another word.
    public static let deepest = 250
    /// Texts above this are no search. Bytes.
    private static let maxBytes = 256

    /// - Throws: `invalidRequest` naming `text` for one that is too long, and `from` and `size` where they are negative. Past
    ///   `deepest` they are cut.
    public init(text: String, from: Int, size: Int) throws {
        guard text.utf8.count <= Self.maxBytes else {
            throw SaveError.invalid("text", "text: a search has at most \(Self.maxBytes) bytes")
        }
        guard from >= 0 else { throw SaveError.invalid("from", "from: must not be negative") }
        guard size >= 0 else { throw SaveError.invalid("size", "size: must not be negative") }
        self.init(text, from: min(from, Self.deepest), size: min(size, Self.deepest - min(from, Self.deepest)))
    }

    private init(_ text: String, from: Int, size: Int) {
        self.text = text
        self.from = from
        self.size = size
    }

    /// Matches up to here are wanted.
    package var end: Int { from + size }

    /// The same from the best match on: what every part of a repository is asked, since nobody knows beforehand whose matches
    /// are the first.
    package var fromFirst: SearchQuery { SearchQuery(text, from: 0, size: end) }

    // MARK: Matching

    /// The words, letters of ASCII as small ones.
    private var words: [[UInt8]] { text.utf8.split(separator: UInt8(ascii: " ")).map { $0.map(ASCII.lowercased) } }

    /// How well a package fits, the best first.
    package enum Rank: Int, Comparable {
        case name, beginning, inName, inText
        package static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
    }

    /// In the order of their ranks; of equal rank as they come.
    package static func sorted<Element>(_ elements: [Element], by rank: (Element) -> Rank) -> [Element] {
        elements.map { (rank($0), $0) }.enumerated()
            .sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(\.element.1)
    }

    /// Finds packages that have each of the words in their name or in what is said of them.
    package struct Matcher {
        private let words: [[UInt8]]

        package init(_ query: SearchQuery) { words = query.words }

        /// nil for a package that lacks one of the words.
        package func rank(_ package: PackageSummary, _ text: () -> String) -> Rank? {
            let rank = rank(package)
            guard rank == .inText else { return rank }
            let name = package.id.name.utf8.map(ASCII.lowercased)
            let text = text().utf8.map(ASCII.lowercased)
            return words.allSatisfy { Self.contains(name, $0) || Self.contains(text, $0) } ? .inText : nil
        }

        /// The rank of a package that is known to fit.
        package func rank(_ package: PackageSummary) -> Rank {
            let name = package.id.name.utf8.map(ASCII.lowercased)
            guard words.allSatisfy({ Self.contains(name, $0) }) else { return .inText }
            guard let first = words.first else { return .inName }
            if words.count == 1, name == first { return .name }
            return name.starts(with: first) ? .beginning : .inName
        }

        private static func contains(_ text: [UInt8], _ word: [UInt8]) -> Bool {
            guard let first = word.first, text.count >= word.count else { return word.isEmpty }
            return (0...(text.count - word.count)).contains { start in
                text[start] == first && text[start..<(start + word.count)].elementsEqual(word)
            }
        }
    }
}

/// A package as a search shows it.
public struct PackageMatch: Sendable, Equatable {
    public var package: PackageSummary
    /// What only the format understands: what it says of the package in the answer.
    public var attributes: JSONObject

    public init(package: PackageSummary, attributes: JSONObject) {
        self.package = package
        self.attributes = attributes
    }
}

/// What a search found.
public struct FoundPackages: Sendable, Equatable {
    /// The best first.
    public var matches: [PackageMatch]
    /// How many there are in all, as far as the search can tell.
    public var total: Int

    public init(matches: [PackageMatch] = [], total: Int = 0) {
        self.matches = matches
        self.total = total
    }

    /// Without the matches that were not asked for.
    package mutating func cut(to query: SearchQuery) { matches = Array(matches.prefix(query.end).dropFirst(query.from)) }
}
