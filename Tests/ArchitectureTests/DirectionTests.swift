import Foundation
import Testing

@Suite struct DirectionTests {
    /// Package.swift says which module may import which, and the compiler holds to it. What comes with the toolchain is in no
    /// manifest.
    @Test func `of the toolchain's modules only three are used everywhere, and Dispatch where threads are made`() throws {
        let ours = try Set(
            ["Sources", "Plugins"].flatMap { try SourceTree($0).files }.flatMap(\.imports)
                .filter { $0.hasPrefix("Save") || $0.hasPrefix("Format") })
        #expect(ours.count > 15)
        for file in try ["Sources", "Plugins"].flatMap({ try SourceTree($0).files }) {
            let mayDispatch = ["Sources/Readers/Compression/", "Sources/Adapters/Microhttpd/", "Sources/SaveServer/"]
                .contains { file.path.hasPrefix($0) }
            let everywhere: Set = ["FoundationEssentials", "Glibc", "Synchronization"]
            let allowed = mayDispatch ? everywhere.union(["Dispatch"]) : everywhere
            let others = file.imports.filter { name in
                !ours.contains(name) && !allowed.contains(name) && !Self.systemLibraries.contains(name)
                    && name != "PackageDescription"
            }
            #expect(
                others.isEmpty || file.path.hasPrefix("Sources/SaveTestKit/") || file.path.contains("/Tests/"),
                "\(file.path) imports \(others)")
        }
    }

    /// The folders of `Sources/CSystem`.
    private static let systemLibraries = Set(
        (try? FileManager.default.contentsOfDirectory(atPath: SourceTree.root.path + "/Sources/CSystem")) ?? [])

    @Test func `a system library is wrapped by one module`() throws {
        var owners: [String: Set<String>] = [:]
        for file in try SourceTree("Sources").files {
            let module = file.path.split(separator: "/").prefix(3).joined(separator: "/")
            for name in file.imports where Self.systemLibraries.contains(name) { owners[name, default: []].insert(module) }
        }
        #expect(owners.count > 8)
        for (name, modules) in owners { #expect(modules.count == 1, "\(name) is imported by \(modules.sorted())") }
    }

    @Test func `nothing is public but what formats and readers show`() throws {
        for folder in ["Sources/Engine", "Sources/Adapters", "Sources/SaveAPI", "Sources/SaveServer"] {
            // Generics are specialized for other modules only where they are public (docs/adr/0035-a-public-module-of-caches.md).
            for file in try SourceTree(folder).files where !file.path.hasPrefix("Sources/Engine/Caching/") {
                for line in file.lines where line.drop(while: { $0 == " " }).hasPrefix("public ") {
                    Issue.record("\(file.path) shows everybody what only this package needs: \(line)")
                }
            }
        }
    }

    @Test func `the formats are named in one file of the server only`() throws {
        for file in try SourceTree("Sources/SaveServer").files where !file.path.hasSuffix("/Formats.swift") {
            #expect(file.imports.allSatisfy { !$0.hasPrefix("Format") }, "\(file.path) names a format")
        }
    }

    @Test func `the parts of a proxy are made of its upstream, and know neither the proxy nor the engine`() throws {
        let parts = try SourceTree("Sources/Engine/Repositories/Proxy").files.filter {
            !["/ProxySource.swift", "/ProxySource+Described.swift"].contains(where: $0.path.hasSuffix)
        }
        #expect(parts.count > 20)
        for file in parts {
            for above in ["ProxySource", "EngineServices"] where file.lines.contains(where: { $0.contains(above) }) {
                Issue.record("\(file.path) names \(above), which is made of it")
            }
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
