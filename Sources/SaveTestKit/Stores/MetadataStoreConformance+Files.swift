internal import SaveDigest
internal import SavePlatform
internal import SaveStorage

extension MetadataStoreConformance {
    static let files: [Law] = [
        Law("a file's record keeps every field, set or not") { store in
            let id = try await store.makeRepository()
            let checksums = [
                Checksum(.sha256, hex: String(repeating: "ab", count: 32)),
                Checksum(.md5, hex: String(repeating: "0", count: 32)),
            ].compactMap(\.self)
            let full = StoredAsset(
                repository: id,
                record: AssetRecord(
                    path: try AssetPath("dir ü/100%_\u{1F600}.whl"), package: PackageID(normalized: "p"), version: "1.0+é",
                    size: 0,
                    checksums: checksums, published: Timestamp(microseconds: -1), withdrawn: Withdrawal(reason: ""),
                    sidecarOf: try AssetPath("other"), origin: "https://example.test/f", contentType: "text/plain",
                    attributes: ["b": .number(0.5), "a": .string(String(repeating: "é\0\"", count: 5000)), "n": .integer(.min)]),
                blob: BlobDigest(of: [1]), size: .max, uploadedBy: "sa$ci", created: Timestamp(microseconds: .max))
            let empty = StoredAsset(
                repository: id, record: AssetRecord(path: try AssetPath("a")), blob: BlobDigest(of: []), size: 0, uploadedBy: nil,
                created: Timestamp(microseconds: 0))
            try await store.write { writing in
                try writing.put(full)
                try writing.put(empty)
            }
            try require(try await store.read { try $0.asset(id, full.record.path) } == full, "the full record changed")
            try require(try await store.read { try $0.asset(id, empty.record.path) }, is: empty, "the empty record")
            try require(try await store.read { try $0.asset(id + 1, empty.record.path) } == nil, "a file in two repositories")
        },
        Law("a file at the same path replaces the one before") { store in
            let id = try await store.makeRepository()
            let second = try Fixture.asset("a", in: id, package: "new", content: "2", size: 2, uploadedBy: nil)
            try await store.write { writing in
                try writing.put(try Fixture.asset("a", in: id, package: "old", sidecarOf: "b"))
                try writing.put(second)
            }
            try require(
                try await store.read { try $0.assets(id, under: "", after: nil, limit: 9) }, is: [second], "files")
            try require(
                try await store.read { try $0.assets(id, package: PackageID(normalized: "old")).count }, is: 0,
                "the old package's files")
        },
        Law("paths are bytes: texts that only look alike are two files") { store in
            let id = try await store.makeRepository()
            let names = ["caf\u{E9}", "cafe\u{301}", "CAF\u{E9}"]
            try await store.write { writing in
                for name in names { try writing.put(try Fixture.asset(name, in: id, content: name)) }
            }
            for name in names {
                let found = try await store.read { try $0.asset(id, try AssetPath(name)) }
                try require(found?.blob, is: BlobDigest(of: Array(name.utf8)), "the file at \(Array(name.utf8))")
            }
        },
        Law("the files of a package are its own, ordered by the bytes of their paths") { store in
            let ids = [try await store.makeRepository("one"), try await store.makeRepository("two")]
            try await store.write { writing in
                for path in ["b", "a/z", "a-b", "B", "ü"] { try writing.put(try Fixture.asset(path, in: ids[0], package: "p")) }
                try writing.put(try Fixture.asset("a/z.metadata", in: ids[0], package: "p", sidecarOf: "a/z"))
                try writing.put(try Fixture.asset("other", in: ids[0], package: "p-other"))
                try writing.put(try Fixture.asset("none", in: ids[0]))
                try writing.put(try Fixture.asset("b", in: ids[1], package: "p"))
            }
            let found = try await store.read {
                try $0.assets(ids[0], package: PackageID(normalized: "p")).map(\.record.path.text)
            }
            try require(found, is: ["B", "a-b", "a/z", "a/z.metadata", "b", "ü"], "the package's files")
        },
        Law("a file takes its sidecars along, and only its own") { store in
            let id = try await store.makeRepository()
            let other = try await store.makeRepository("other")
            let gone = try await store.write { writing in
                for repository in [id, other] {
                    try writing.put(try Fixture.asset("a.whl", in: repository))
                    try writing.put(try Fixture.asset("a.whl.metadata", in: repository, sidecarOf: "a.whl"))
                }
                try writing.put(try Fixture.asset("a.whl.asc", in: id))
                let path = try AssetPath("a.whl")
                return [try writing.deleteAsset(id, path), try writing.deleteAsset(id, path)]
            }
            try require(gone, is: [true, false], "what the removals answered")
            let left = try await store.read { reading in
                try [id, other].map { try reading.assets($0, under: "", after: nil, limit: 9).map(\.record.path.text) }
            }
            try require(left, is: [["a.whl.asc"], ["a.whl", "a.whl.metadata"]], "files left")
        },
    ]

    static let directories: [Law] = [
        Law("files below a directory come in order, page by page, none twice, none left out") { store in
            let id = try await store.makeRepository()
            let paths = [
                "one/two/a", "one/two/b/c", "one/two-other/a", "one/two.x", "one/tw", "one/two0", "zero", "one/two/\u{10FFFF}",
            ]
            try await store.write { writing in
                for path in paths { try writing.put(try Fixture.asset(path, in: id)) }
            }
            for (directory, expected) in [
                ("one/two/", ["one/two/a", "one/two/b/c", "one/two/\u{10FFFF}"]),
                ("", paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }),
                ("one/none/", []),
            ] {
                for limit in [1, 2, 100] {
                    var found: [AssetPath] = []
                    while found.count < 20 {
                        let after = found.last
                        let page = try await store.read { try $0.assets(id, under: directory, after: after, limit: limit) }
                        if page.isEmpty { break }
                        found += page.map(\.record.path)
                    }
                    try require(found.map(\.text), is: expected, "files under '\(directory)' in pages of \(limit)")
                }
            }
        },
        Law("paging goes on in its place when files come and go") { store in
            let id = try await store.makeRepository()
            try await store.write { writing in
                for path in ["a", "c", "e"] { try writing.put(try Fixture.asset(path, in: id)) }
            }
            let first = try await store.read { try $0.assets(id, under: "", after: nil, limit: 2) }
            let rest = try await store.write { writing in
                try writing.put(try Fixture.asset("b", in: id))
                try writing.put(try Fixture.asset("d", in: id))
                _ = try writing.deleteAsset(id, try AssetPath("c"))
                return try writing.assets(id, under: "", after: first.last?.record.path, limit: 9).map(\.record.path.text)
            }
            try require(rest, is: ["d", "e"], "the second page")
        },
        Law("a directory shows what is directly in it, each name once, in order") { store in
            let ids = [try await store.makeRepository("one"), try await store.makeRepository("two")]
            let paths = [
                "top", "a/f", "a-b/f", "a/c/f", "a/c/g", "a/c-d/x/f", "a/c/x/y/f", "a.txt", "a0/f", "deep/only/here", "ü/f",
                "a/\u{10FFFF}/f", "a/zz",
            ]
            try await store.write { writing in
                for path in paths { try writing.put(try Fixture.asset(path, in: ids[0])) }
                try writing.put(try Fixture.asset("elsewhere/f", in: ids[1]))
            }
            for (path, files, directories) in [
                (nil, ["a.txt", "top"], ["a", "a-b", "a0", "deep", "ü"]),
                ("a", ["a/f", "a/zz"], ["c", "c-d", "\u{10FFFF}"]),
                ("a/c", ["a/c/f", "a/c/g"], ["x"]),
                ("deep", [], ["only"]),
                ("none", [], []),
                ("top", [], []),
            ] as [(String?, [String], [String])] {
                let found = try await store.read { try $0.directory(ids[0], try path.map(AssetPath.init)) }
                try require(found.files.map(\.record.path.text), is: files, "files in \(path ?? "/")")
                try require(found.directories, is: directories, "directories in \(path ?? "/")")
            }
        },
    ]

    static let packages: [Law] = [
        Law("packages come back as they were put") { store in
            let id = try await store.makeRepository()
            var package = Fixture.package("p", in: id, displayName: "P_é")
            package.attributes = ["latest": "1.0"]
            try await store.write { [package] writing in
                try writing.put(Fixture.package("p", in: id))
                try writing.put(package)
            }
            var found = try await store.read { [package] in try $0.package(id, package.id) }
            // The store's own.
            found?.serial = 0
            found?.attributesSerial = 0
            try require(found, is: package, "the package")
            try require(
                try await store.read { [package] in try $0.package(id + 1, package.id) } == nil, "a package in two repositories")
        },
        Law("every change of a package counts, in one count for all repositories, which never goes back") { store in
            let ids = [try await store.makeRepository("one"), try await store.makeRepository("two")]
            let package = PackageID(normalized: "p")
            func serials() async throws -> [Int64] {
                try await store.read { reading in
                    try ids.flatMap { try [reading.serial(ofRepository: $0), reading.package($0, package)?.serial ?? -1] }
                }
            }
            try require(try await serials(), is: [0, -1, 0, -1], "counts before there is anything")
            var seen: [Int64] = [0]
            /// The repository and the package got a number that nothing has had.
            func mustCount(_ what: String, in place: Int = 0, isGone: Bool = false) async throws {
                let now = try await serials()
                let (repository, own) = (now[place * 2], now[place * 2 + 1])
                guard let last = seen.max(), repository > last, own == (isGone ? -1 : repository) else {
                    throw LawViolation("\(what): the numbers are \(now) after \(seen)")
                }
                seen.append(repository)
            }
            let file = try Fixture.asset("f", in: ids[0], package: "p")
            let cached = try Fixture.asset("g", in: ids[0], package: "p", uploadedBy: nil)
            try await store.write { writing in
                try writing.put(file)
                try writing.put(Fixture.package("p", in: ids[0]))
            }
            try await mustCount("a file of a new package")
            try await store.write { try $0.put(Fixture.package("p", in: ids[1])) }
            try await mustCount("a package elsewhere", in: 1)
            try await store.write { try $0.put(file) }
            try await mustCount("a file that is put again")
            try await store.write { try $0.put(Fixture.package("p", in: ids[0], displayName: "P")) }
            try await mustCount("a package that is put again")
            let before = try await serials()
            try await store.write { try $0.put(cached) }
            _ = try await store.write { try $0.deleteAsset(ids[0], cached.record.path) }
            _ = try await store.write { try $0.deleteAsset(ids[0], cached.record.path) }
            try require(try await serials(), is: before, "counts after what nobody uploaded")
            _ = try await store.write { try $0.deleteAsset(ids[0], file.record.path) }
            try await mustCount("a file that is deleted")
            try await store.write { try $0.renewSerials(ids[0]) }
            try await mustCount("all of a repository")
            let pages = try await store.read { try $0.packages(ids[0], after: nil, limit: 9, matching: nil).map(\.serial) }
            try require(pages, is: [seen.last ?? 0], "numbers of a page")
            try await store.write { try $0.deletePackage(ids[0], package) }
            try await mustCount("a package that is deleted", isGone: true)
            try await store.write { try $0.put(Fixture.package("p", in: ids[0])) }
            try await mustCount("a package that is there again")
        },
        Law("a change of a package's attributes counts apart from those of its files") { store in
            let id = try await store.makeRepository()
            let package = PackageID(normalized: "p")
            func serial() async throws -> Int64? { try await store.read { try $0.package(id, package)?.attributesSerial } }
            func put(_ attributes: JSONObject, _ displayName: String = "p") async throws {
                try await store.write { writing in
                    var record = Fixture.package("p", in: id, displayName: displayName)
                    record.attributes = attributes
                    try writing.put(record)
                }
            }
            try await put([:])
            let first = try await serial()
            try await put([:], "P")
            try await store.write { writing in
                try writing.put(try Fixture.asset("f", in: id, package: "p"))
                try writing.renewSerials(id)
                _ = try writing.deleteAsset(id, try AssetPath("f"))
            }
            try require(try await serial(), is: first, "the number of a package whose attributes are the same")
            try await put(["a": 1])
            let second = try await serial()
            try await put(["a": 1])
            try require(try await serial(), is: second, "the number after the same again")
            try await put([:])
            let third = try await serial()
            try await store.write { try $0.deletePackage(id, package) }
            try await put([:])
            let numbers = [first, second, third, try await serial()].compactMap(\.self)
            guard numbers.count == 4, zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw LawViolation("the numbers of attributes are \(numbers)")
            }
        },
        Law("packages are ordered, paged and searched literally") { store in
            let id = try await store.makeRepository()
            try await store.write { writing in
                for name in ["b", "a", "a-b", "under_score", "per%cent", "c"] {
                    try writing.put(Fixture.package(name, in: id, displayName: name == "c" ? "See" : name))
                }
            }
            let reads: [(PackageID?, Int, String?, [String])] = [
                (nil, 9, nil, ["a", "a-b", "b", "c", "per%cent", "under_score"]),
                (PackageID(normalized: "a-b"), 2, nil, ["b", "c"]),
                (nil, 9, "%", ["per%cent"]), (nil, 9, "_", ["under_score"]), (nil, 9, "See", ["c"]), (nil, 9, "'", []),
                (PackageID(normalized: "a"), 1, "b", ["a-b"]), (nil, 0, nil, []),
                (nil, 9, "", ["a", "a-b", "b", "c", "per%cent", "under_score"]),
            ]
            for (after, limit, matching, expected) in reads {
                let found = try await store.read {
                    try $0.packages(id, after: after, limit: limit, matching: matching).map(\.id.name)
                }
                try require(found, is: expected, "packages after \(after?.name ?? "-") matching \(matching ?? "-")")
            }
        },
        Law("a part of the packages is looked at, by places") { store in
            let id = try await store.makeRepository()
            try await store.write { writing in
                for name in ["a", "a-b", "b", "b.c", "c"] { try writing.put(Fixture.package(name, in: id)) }
            }
            let places: [(String?, Int, String?)] = [
                (nil, 1, "a"), (nil, 3, "b"), ("a", 1, "a-b"), ("aa", 2, "b.c"), (nil, 5, "c"), (nil, 6, nil), ("c", 1, nil),
                (nil, 0, nil),
            ]
            for (after, place, expected) in places {
                let found = try await store.read {
                    try $0.package(id, place: place, after: after.map { PackageID(normalized: $0) })?.name
                }
                guard found == expected else {
                    throw LawViolation(
                        "in place \(place) after \(after ?? "-") is \(found ?? "nothing"), not \(expected ?? "nothing")")
                }
            }
            for (after, last, matching, expected) in [
                (nil, "b", "b", ["a-b", "b"]), ("a-b", "b.c", "b", ["b", "b.c"]), (nil, "bb", nil, ["a", "a-b", "b", "b.c"]),
                ("b", "b", "b", []),
            ] as [(String?, String, String?, [String])] {
                let found = try await store.read {
                    try $0.packages(
                        id, after: after.map { PackageID(normalized: $0) }, upTo: PackageID(normalized: last), limit: 9,
                        matching: matching
                    ).map(\.id.name)
                }
                try require(found, is: expected, "packages after \(after ?? "-") up to \(last) matching \(matching ?? "-")")
            }
        },
        Law("a package goes only after its files") { store in
            let id = try await store.makeRepository()
            let package = PackageID(normalized: "p")
            try await store.write { writing in
                try writing.put(Fixture.package("p", in: id))
                try writing.put(try Fixture.asset("f", in: id, package: "p"))
            }
            try await require(.conflict, from: "deleting a package with a file") {
                try await store.write { try $0.deletePackage(id, package) }
            }
            try await store.write { writing in
                _ = try writing.deleteAsset(id, try AssetPath("f"))
                try writing.deletePackage(id, package)
            }
            try require(try await store.read { try $0.package(id, package) } == nil, "the package is still there")
        },
    ]
}
