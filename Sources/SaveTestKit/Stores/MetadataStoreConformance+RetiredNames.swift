internal import SavePlatform
internal import SaveStorage

extension MetadataStoreConformance {
    static let retiredNames: [Law] = [
        Law("a retired name comes back as it was put, by path and by identity, until it is free again") { store in
            let id = try await store.makeRepository()
            let package = PackageID(normalized: "p")
            let full = try name("b", in: id, package: "p", identity: "p-1.tar.gz")
            let bare = try name("caf\u{E9}", in: id)
            try await store.write { writing in
                try writing.put(name("b", in: id, package: "p", identity: "p-1.tar.gz", content: "before"))
                for name in [full, bare] { try writing.put(name) }
            }
            try require(try await store.read { try $0.retiredName(id, full.path) } == full, "the full name changed")
            try require(try await store.read { try $0.retiredName(id, bare.path) } == bare, "the bare name changed")
            try require(
                try await store.read { try $0.retiredName(id, try AssetPath("cafe\u{301}")) } == nil, "a name that looks alike")
            try require(
                try await store.read { try $0.retiredName(id, package: package, identity: "p-1.tar.gz") } == full,
                "the name by its identity")
            try require(
                try await store.read { try $0.retiredName(id, package: package, identity: "p-2.tar.gz") } == nil,
                "a name of another identity")
            try require(try await store.read { try $0.retiredName(id + 1, full.path) } == nil, "a name in two repositories")
            try require(try await store.write { try $0.deleteRetiredName(id, full.path) }, is: true, "freeing the name")
            try require(try await store.write { try $0.deleteRetiredName(id, full.path) }, is: false, "freeing it again")
            try require(
                try await store.read { try $0.retiredName(id, package: package, identity: "p-1.tar.gz") } == nil, "a free name")
            try require(try await store.read { try $0.retiredName(id, bare.path) } != nil, "the name beside it")
        },
        Law("the retired names of a package are its own, in order, and go with the repository") { store in
            let ids = [try await store.makeRepository("one"), try await store.makeRepository("two")]
            let package = PackageID(normalized: "p")
            try await store.write { writing in
                for id in ids {
                    for path in ["b", "a", "B"] { try writing.put(name(path, in: id, package: "p", identity: path)) }
                    try writing.put(name("c", in: id, package: "q"))
                }
            }
            let paths = try await store.read { try $0.retiredNames(ids[0], package: package).map(\.path.text) }
            try require(paths, is: ["B", "a", "b"], "retired names")
            try await store.write { try $0.deleteRepository(ids[0]) }
            let left = try await store.read { reading in
                try ids.map { try reading.retiredNames($0, package: package).count }
            }
            try require(left, is: [0, 3], "retired names after the repository went")
            try await require(.conflict, from: "a retired name in no repository") {
                try await store.write { try $0.put(name("x", in: ids[0])) }
            }
        },
        Law("the packages that have retired names are listed once each, in order, page by page") { store in
            let id = try await store.makeRepository("one")
            let other = try await store.makeRepository("two")
            try await store.write { writing in
                for (path, package) in [("1", "b"), ("2", "a"), ("3", "b"), ("4", "c-d"), ("5", nil)] {
                    try writing.put(name(path, in: id, package: package))
                }
                try writing.put(name("1", in: other, package: "z"))
            }
            let pages = try await store.read { reading in
                let first = try reading.packagesOfRetiredNames(id, after: nil, limit: 2)
                return try [first, reading.packagesOfRetiredNames(id, after: first.last, limit: 2)].map { $0.map(\.name) }
            }
            try require(pages, is: [["a", "b"], ["c-d"]], "packages of retired names")
        },
    ]

    private static func name(
        _ path: String, in repository: Int64, package: String? = nil, identity: String? = nil, content: String = "x"
    ) throws -> RetiredName {
        RetiredName(
            repository: repository, path: try AssetPath(path), package: package.map(PackageID.init(normalized:)),
            identity: identity, blob: BlobDigest(of: Array(content.utf8)), retiredBy: "sa$ci", retired: Fixture.moment)
    }
}
