import Foundation

/// The sources of this package, as text.
struct SourceTree {
    struct File {
        let path: String
        let lines: [Substring]
    }

    /// The package's root, found from where this file was compiled.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let files: [File]

    /// Reads every Swift file below a folder of the package.
    init(_ folder: String) throws {
        let base = Self.root.appendingPathComponent(folder)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: base.path).filter { $0.hasSuffix(".swift") }.sorted()
        files = try paths.map { path in
            let text = try String(contentsOf: base.appendingPathComponent(path), encoding: .utf8)
            return File(path: folder + "/" + path, lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }
}

extension SourceTree.File {
    /// The modules the file imports.
    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"),
                words[..<place].allSatisfy({ Self.levels.contains($0) || $0.hasPrefix("@") })
            else { return nil }
            return words.last.map { String($0) }
        }
    }

    private static let levels: Set<Substring> = ["public", "package", "internal", "private", "fileprivate"]
}
