import Foundation
import Testing

@Suite struct ShapeTests {
    @Test func `no file is longer than 400 lines`() throws {
        for folder in ["Sources", "Tests"] {
            for file in try SourceTree(folder).files {
                #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines")
            }
        }
    }

    @Test func `no protocol of the platform has more than seven requirements`() throws {
        var protocols = 0
        for file in try ["Sources/SavePlatform", "Sources/Engine"].flatMap({ try SourceTree($0).files }) {
            for (name, count) in Self.requirements(in: file) {
                protocols += 1
                #expect(count <= 7, "\(name) in \(file.path) has \(count) requirements")
            }
        }
        #expect(protocols > 10)
    }

    @Test func `only one file maps error codes to statuses`() throws {
        let mapping = try SourceTree("Sources").files.filter { file in
            file.lines.contains { $0.contains("case .packageNotFound") && $0.hasSuffix(": 404") }
        }
        #expect(mapping.map(\.path) == ["Sources/Engine/Serving/Handlers/ErrorResponder.swift"])
    }

    /// The protocols that a file declares, with the number of their requirements.
    private static func requirements(in file: SourceTree.File) -> [(String, Int)] {
        var found: [(String, Int)] = []
        var current: (name: String, count: Int)?
        for line in file.lines {
            let words = line.split(whereSeparator: { $0 == " " || $0 == ":" || $0 == "{" })
            if let open = current {
                if line == "}" {
                    found.append(open)
                    current = nil
                } else if ["func ", "var ", "init(", "static ", "subscript"].contains(where: {
                    line.trimmingCharacters(in: .whitespaces).hasPrefix($0)
                }) {
                    current?.count += 1
                }
            } else if let place = words.firstIndex(of: "protocol"), place <= 1, place + 1 < words.count, !line.hasSuffix("}") {
                current = (String(words[place + 1]), 0)
            }
        }
        return found
    }
}
