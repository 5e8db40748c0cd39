import Foundation
import Testing

/// What authors of formats see says what it is, in its own comment.
@Suite struct DocumentationTests {
    @Test func `every public declaration of the formats' surface says what it promises`() throws {
        let surface = try SourceTree("Sources/SavePlatform/Format").files.map { ($0.path, Declaration.all(in: $0.lines)) }
        let documented = Set(surface.flatMap(\.1).filter(\.isDocumented).map(\.name))
        #expect(documented.count > 100)
        for (path, declarations) in surface {
            for declaration in declarations where !declaration.isDocumented && !declaration.needsNothing(documented) {
                Issue.record("\(path):\(declaration.line): '\(declaration.text)' has no comment")
            }
        }
    }

    @Test func `every type of the formats' surface stands on a page`() throws {
        let folder = SourceTree.root.appendingPathComponent("Sources/SavePlatform/SavePlatform.docc")
        let pages = try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
            try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)
        }
        let types = try SourceTree("Sources/SavePlatform/Format").files.flatMap { Declaration.all(in: $0.lines) }
            .filter(\.isType)
        #expect(types.count > 20)
        for type in types where !pages.contains(where: { $0.contains("``\(type.name)``") }) {
            Issue.record("no page of SavePlatform.docc links to \(type.name)")
        }
    }

    @Test func `the second example of the guide is a format that is compiled and tested`() throws {
        func text(_ path: String) throws -> String {
            try String(contentsOf: SourceTree.root.appendingPathComponent(path), encoding: .utf8)
        }
        let source = try text("Tests/Formats/Parcels/Sources/ParcelsFormat.swift")
        let guide = try text("docs/writing-a-format.md").components(separatedBy: "\n## ")
        let section = try #require(guide.first { $0.hasPrefix("A second example\n") })
        let blocks = section.components(separatedBy: "```swift\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
        #expect(blocks.count > 5)
        for block in blocks { #expect(source.contains(block), "not in the source: \(block)") }
    }

    @Test func `a declaration without a comment is found, wherever it stands`() {
        let lines = [
            "/// A value.", "public struct Value {", "    public let size: Int", "    /// Its name.", "    @inlinable",
            "    public var name = 0",
            "    private enum Phase { case one }", "    public init(size: Int) {}", "    public func run() {",
            "        switch size {",
            "        case .max: break", "        }", "    }", "}", "public enum Kind {", "    case first", "    /// The other.",
            "    case second(Int)", "}", "/// Can.", "public protocol Can {", "    func can() -> Bool", "}",
            "extension Value: Can {",
            "    public func can() -> Bool { true }", "}", "enum Inner {", "    case hidden", "}",
        ]
        let found = Declaration.all(in: lines.map { Substring($0) })
        let documented = Set(found.filter(\.isDocumented).map(\.name))
        let missing = found.filter { !$0.isDocumented && !$0.needsNothing(documented) }.map(\.line)
        #expect(missing == [3, 9, 15, 16, 22, 25])
    }
}

/// A public declaration, or a part of one that is public with it.
private struct Declaration {
    let line: Int
    let text: String
    let name: String
    let isDocumented: Bool
    /// A type that stands in no other.
    let isType: Bool
    /// Of a function that a type has to have anyway.
    private static let known: Set<String> = ["hash", "==", "<", "description"]
    private static let keywords: Set<Substring> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "init", "case", "subscript", "typealias",
    ]

    /// An initializer that takes what the properties hold says nothing that they do not, and what a protocol requires is
    /// documented there.
    func needsNothing(_ documented: Set<String>) -> Bool {
        name == "init" || Self.known.contains(name) || text.hasPrefix("public func") && documented.contains(name)
    }

    static func all(in lines: [Substring]) -> [Declaration] {
        var found: [Declaration] = []
        // The words that the type begins with in whose braces a line stands, by its indentation.
        var types: [Int: Set<Substring>] = [:]
        for (index, line) in lines.enumerated() {
            let indentation = line.prefix { $0 == " " }.count
            let words = line.split { " :({=<".contains($0) }
            guard let place = words.firstIndex(where: keywords.contains), words[..<place].allSatisfy({ $0.first != "/" }) else {
                if words.contains("extension") { types[indentation] = [] }
                continue
            }
            let keyword = words[place]
            if ["struct", "class", "enum", "protocol"].contains(keyword) { types[indentation] = Set(words[...place]) }
            let enclosing = indentation == 0 ? [] : types[indentation - 4] ?? []
            // `case .first` and `case let …` belong to a switch.
            let isNamed = words.dropFirst(place + 1).first.map { $0.first != "." && $0 != "let" } ?? false
            let isCase = keyword == "case" && place == 0 && isNamed && enclosing.isSuperset(of: ["public", "enum"])
            let isRequirement = keyword != "case" && enclosing.isSuperset(of: ["public", "protocol"])
            guard words[..<place].contains("public") || isCase || isRequirement, keyword != "case" || isCase else { continue }
            let name = keyword == "init" ? "init" : words.dropFirst(place + 1).first.map(String.init) ?? ""
            let before = lines[..<index].last { !$0.drop { $0 == " " }.hasPrefix("@") } ?? ""
            found.append(
                Declaration(
                    line: index + 1, text: line.trimmingCharacters(in: .whitespaces), name: name,
                    isDocumented: before.drop { $0 == " " }.hasPrefix("///"),
                    isType: indentation == 0 && ["struct", "class", "enum", "protocol"].contains(keyword)))
        }
        return found
    }
}
