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

    @Test func `only one file maps error codes to statuses`() throws {
        let mapping = try SourceTree("Sources").files.filter { file in
            file.lines.contains { $0.contains("case .packageNotFound") && $0.hasSuffix(": 404") }
        }
        #expect(mapping.map(\.path) == ["Sources/Engine/Serving/Handlers/ErrorResponder.swift"])
    }
}
