import Foundation
import Testing

@Suite struct DirectionTests {
    /// What each folder may import; everything else is a wrong arrow.
    static let rules: [(folder: String, allowed: Set<String>)] =
        [
            ("Sources/Readers/Digest", ["CCrypto", "CBlake2"]),
            ("Sources/Readers/Archive", ["Foundation", "CArchive", "SaveCompression"]),
            ("Sources/Readers/HTML", ["Foundation", "CXML"]),
            ("Sources/Readers/Compression", ["Dispatch", "Foundation", "Synchronization", "SaveDigest", "CZlib"]),
            ("Sources/SavePlatform", ["Foundation", "Synchronization", "SaveDigest"]),
            ("Sources/Engine", ["Foundation", "Synchronization", "SaveDigest"]),
            ("Sources/Formats/PyPI", ["Foundation", "Synchronization", "SavePlatform", "SaveDigest", "SaveArchive", "SaveHTML"]),
            ("Sources/Formats/Raw", ["Foundation", "SavePlatform", "SaveDigest"]),
            ("Sources/Adapters/SQLite", ["Foundation", "Synchronization", "SavePlatform", "SaveSQLMetadata", "CSQLite"]),
            ("Sources/Adapters/SQLMetadata", ["Foundation", "Synchronization", "SavePlatform", "SaveDigest"]),
            ("Sources/Adapters/Blobs", ["Foundation", "Synchronization", "SavePlatform", "SaveDigest", "CLinuxFiles"]),
            ("Sources/Adapters/Curl", ["Foundation", "Synchronization", "SavePlatform", "SaveCompression", "CCurl"]),
            (
                "Sources/Adapters/Microhttpd",
                ["Dispatch", "Foundation", "Synchronization", "SavePlatform", "CMicrohttpd", "CMicrohttpdHooks"]
            ),
            ("Sources/Adapters/Argon2", ["Foundation", "Synchronization", "SavePlatform", "SaveDigest", "CArgon2"]),
            ("Sources/Adapters/Plugins", ["Foundation", "SavePlatform", "SaveDigest", "CDynamicLinker"]),
            ("Sources/SaveAPI", ["Foundation", "Synchronization", "SavePlatform", "SaveDigest"]),
        ] + plugins

    /// The formats below `Plugins` are named by their folders.
    private static let plugins = ((try? FileManager.default.contentsOfDirectory(atPath: SourceTree.root.path + "/Plugins")) ?? [])
        .filter { !$0.contains(".") }.map { name -> (folder: String, allowed: Set<String>) in
            let readers: Set<String> = ["SaveDigest", "SaveArchive", "SaveHTML", "SaveCompression"]
            return ("Plugins/\(name)/Sources", readers.union(["Foundation", "Synchronization", "SavePlatform"]))
        }

    @Test(arguments: rules.map(\.folder))
    func `a module imports only what its place allows`(_ folder: String) throws {
        let allowed = try #require(Self.rules.first { $0.folder == folder }).allowed
        let files = try SourceTree(folder).files
        #expect(!files.isEmpty)
        for file in files {
            let wrong = file.imports.filter { !allowed.contains($0) }
            #expect(wrong.isEmpty, "\(file.path) imports \(wrong)")
        }
    }

    @Test func `every folder of sources has a rule`() throws {
        let free = ["Sources/SaveServer/", "Sources/SaveTestKit/"]
        for file in try SourceTree("Sources").files where !free.contains(where: { file.path.hasPrefix($0) }) {
            #expect(Self.rules.contains { file.path.hasPrefix($0.folder + "/") }, "\(file.path) has no rule")
        }
    }

    @Test func `the formats are named in one file of the server only`() throws {
        for file in try SourceTree("Sources/SaveServer").files where !file.path.hasSuffix("/Formats.swift") {
            #expect(file.imports.allSatisfy { !$0.hasPrefix("Format") }, "\(file.path) names a format")
        }
    }

    /// What would let a handler of the API find an object that nobody decided about.
    private static let lookups = [
        "Catalogue", ".catalogue", ".projects()", ".repositories()", ".members()", ".users()", ".robots()", ".keys()",
    ]

    @Test func `a handler of the API finds objects through its caller only`() throws {
        for folder in ["Resources", "Output", "Input", "OpenAPI", "Page"] {
            for file in try SourceTree("Sources/SaveAPI/\(folder)").files {
                for line in file.lines where !line.contains("any CatalogueReading") {
                    for lookup in Self.lookups where line.contains(lookup) {
                        Issue.record("\(file.path) looks things up by itself (\(lookup)): \(line)")
                    }
                }
            }
        }
    }
}
