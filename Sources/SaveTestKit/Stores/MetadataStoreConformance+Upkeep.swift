internal import SavePlatform
internal import SaveStorage

extension MetadataStoreConformance {
    static let cache: [Law] = [
        Law("a cached index comes back as it was put, and goes alone or with all") { store in
            let id = try await store.makeRepository(kind: .proxy)
            let other = try await store.makeRepository("other", kind: .proxy)
            var index = Fixture.index("package:p", in: id)
            index.contentType = "text/html"
            index.etag = "\"a\""
            index.lastModified = "Sun, 22 Nov 2026 21:33:00 GMT"
            index.verified = Timestamp(microseconds: 9)
            try await store.write { [index] writing in
                try writing.put(Fixture.index("package:p", in: id, content: "old"))
                try writing.put(index)
                for repository in [id, other] { try writing.put(Fixture.index("root", in: repository)) }
            }
            try require(try await store.read { try $0.cachedIndex(id, "package:p") }, is: index, "the index")
            let left = try await store.write { writing in
                try writing.deleteCachedIndexes(id, key: "package:p")
                let one = try writing.cachedIndex(id, "root") != nil && writing.cachedIndex(id, "package:p") == nil
                try writing.deleteCachedIndexes(id, key: nil)
                return [one, try writing.cachedIndex(id, "root") == nil, try writing.cachedIndex(other, "root") != nil]
            }
            try require(left, is: [true, true, true], "what was left after each removal")
        }
    ]

    static let audit: [Law] = [
        Law("audit records come back as they were appended, in both orders") { store in
            let records = (1...5).map {
                Fixture.audit($0, time: Timestamp(microseconds: $0), details: ["n": .integer($0), "é": ["x"]])
            }
            try await store.write { writing in for record in records { try writing.append(record) } }
            try require(try await store.read { try $0.audit(AuditQuery()).records }, is: records.reversed(), "newest first")
            try require(try await store.read { try $0.audit(after: 2, limit: 2) }, is: [records[2], records[3]], "oldest first")
            try require(try await store.read { try $0.lastAudit() }, is: records[4], "the last")
            try await require(.alreadyExists, from: "a second record 3") { try await store.write { try $0.append(records[2]) } }
        },
        Law("what writes record at the same time is one chain, and there when they return") { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<24 {
                    group.addTask {
                        try await store.write { writing in
                            _ = try writing.put(Fixture.project("p\(number)"))
                            try writing.record(
                                AuditEvent("project.create", "project", "p\(number)"), .system, at: Fixture.moment)
                            if number % 4 == 0 { throw Deliberate() }
                        }
                        let found = try await store.read { reading in
                            try reading.audit(after: 0, limit: 99).contains { $0.resource == "p\(number)" }
                        }
                        try require(found, "the record of a write is not there when the write returned")
                    }
                }
                while let result = await group.nextResult() {
                    if case .failure(let error) = result, !(error is Deliberate) { throw error }
                }
            }
            let records = try await store.read { try $0.audit(after: 0, limit: 99) }
            try require(records.map(\.sequence), is: Array(1...18), "sequence numbers")
            var last: AuditRecord?
            for record in records {
                try require(record == record.following(last), "record \(record.sequence) does not follow from the one before it")
                last = record
            }
        },
        Law("an empty trail has no last record") { store in
            try require(try await store.read { try $0.lastAudit() } == nil, "there is a last record")
            var query = AuditQuery()
            query.since = Timestamp(microseconds: 0)
            query.until = Timestamp(microseconds: 9)
            try require(try await store.read { [query] in try $0.audit(query).records }, is: [], "records")
        },
        Law("every filter of the audit trail filters, alone and with others") { store in
            try await store.write { writing in
                try writing.append(Fixture.audit(1, actor: "alice", details: ["note": "100% of_it"]))
                try writing.append(
                    Fixture.audit(2, actor: "bob", action: "auth.fail", type: "user", outcome: .denied, ip: "192.0.2.9"))
                try writing.append(Fixture.audit(3, actor: "bob", resource: "backend/other", outcome: .failed))
                try writing.append(
                    Fixture.audit(4, actor: "alice", action: "auth.fail", outcome: .denied, details: ["note": "100x"]))
            }
            let reads: [(String, (inout AuditQuery) -> Void, [Int64])] = [
                ("actor", { $0.actor = "bob" }, [3, 2]), ("action", { $0.action = "auth.fail" }, [4, 2]),
                ("type", { $0.resourceType = "user" }, [2]), ("resource", { $0.resource = "backend/other" }, [3]),
                ("denied", { $0.outcome = .denied }, [4, 2]), ("ok", { $0.outcome = .ok }, [1]),
                ("before", { $0.before = 3 }, [2, 1]), ("limit", { $0.limit = 2 }, [4, 3]), ("no limit", { $0.limit = 0 }, []),
                ("literal percent", { $0.text = "100%" }, [1]), ("literal underscore", { $0.text = "f_i" }, [1]),
                ("address", { $0.text = "2.0.2.9" }, [2]), ("request id", { $0.text = "r4" }, [4]),
                ("text of an actor", { $0.text = "li" }, [4, 1]), ("quote", { $0.text = "'" }, []),
                ("no text", { $0.text = "" }, [4, 3, 2, 1]),
                (
                    "two filters",
                    {
                        $0.actor = "alice"; $0.outcome = .denied
                    }, [4]
                ),
                (
                    "three filters",
                    {
                        $0.actor = "bob"; $0.action = "file.upload"; $0.text = "other"
                    }, [3]
                ),
                ("a prefix is no match", { $0.resource = "backend" }, []),
            ]
            // What is found does not depend on how much is indexed.
            for indexed in 0...1 {
                for (name, set, expected) in reads {
                    var query = AuditQuery()
                    set(&query)
                    let found = try await store.read { [query] in try $0.audit(query).records.map(\.sequence) }
                    try require(found, is: expected, "the filter '\(name)' with \(indexed * 3) records indexed")
                }
                _ = try await store.write { try $0.indexAudit(3) }
            }
        },
        Law("records before a cut can be removed, oldest first, and no others") { store in
            try await store.write { writing in
                for number in Int64(1)...6 {
                    try writing.append(Fixture.audit(number, time: Timestamp(microseconds: number == 4 ? 1 : number * 10)))
                }
                _ = try writing.indexAudit(2)
            }
            let ends = try await store.read { reading in
                try [5, 11, 30, 35, 99].map { try reading.lastAudit(before: Timestamp(microseconds: $0))?.sequence }
            }
            try require(ends, is: [nil, 1, 2, 4, 6], "the ends of what is older")
            try require(try await store.read { try $0.auditCut() } == nil, "a new trail is cut")
            let cut = AuditTruncation(sequence: 3, hash: "c")
            let removed = try await store.write { writing in
                let before = try writing.removeCutAudit(limit: 9)
                try writing.cutAudit(cut)
                return [before, try writing.removeCutAudit(limit: 2), try writing.removeCutAudit(limit: 2)]
            }
            try require(removed, is: [0, 2, 1], "records that were removed")
            try require(try await store.read { try $0.auditCut() }, is: cut, "the cut")
            try require(try await store.read { try $0.audit(after: 0, limit: 9).map(\.sequence) }, is: [4, 5, 6], "what is kept")
        },
        Law("pages go on where they ended, and say when there is no more, however short the search may take") { store in
            try await store.write { writing in
                for number in Int64(1)...300 {
                    try writing.append(
                        Fixture.audit(number, actor: number % 3 == 0 ? "fizz" : "one", details: ["n": .integer(number)]))
                }
                _ = try writing.indexAudit(200)
            }
            let reads: [((inout AuditQuery) -> Void, [Int64])] = [
                ({ _ in }, Array((1...300).reversed())), ({ $0.actor = "fizz" }, (1...100).reversed().map { $0 * 3 }),
                ({ $0.text = "\":25" }, Array((250...259).reversed()) + [25]), ({ $0.text = "nowhere" }, []),
            ]
            for (set, expected) in reads {
                for limit in [7, 100, 300] {
                    var query = AuditQuery(limit: limit, patience: .zero)
                    set(&query)
                    var found: [Int64] = []
                    repeat {
                        let page = try await store.read { [query] in try $0.audit(query) }
                        try require(page.records.count <= limit, "a page is longer than its limit")
                        found += page.records.map(\.sequence)
                        query.before = page.next
                    } while query.before != nil
                    try require(found, is: expected, "all pages of \(limit)")
                }
            }
        },
        Law("times filter by each record's own time, however the clock jumps") { store in
            // A clock that jumps far ahead, back, and further back than it began.
            let times: [Int64] = [100, 101, 101, 900, 102, 103, 50, 104, 105]
            try await store.write { writing in
                for (index, time) in times.enumerated() {
                    try writing.append(Fixture.audit(Int64(index + 1), time: Timestamp(microseconds: time)))
                }
            }
            let edges: [Int64?] = [nil, 49, 50, 51, 100, 101, 102, 103, 104, 105, 106, 899, 900, 901]
            for since in edges {
                for until in edges {
                    for limit in [2, 100] {
                        var query = AuditQuery(limit: limit)
                        query.since = since.map(Timestamp.init(microseconds:))
                        query.until = until.map(Timestamp.init(microseconds:))
                        let matching = times.indices.reversed().filter { times[$0] >= since ?? 0 && times[$0] <= until ?? .max }
                        let found = try await store.read { [query] in try $0.audit(query).records.map(\.sequence) }
                        try require(
                            found, is: matching.prefix(limit).map { Int64($0 + 1) },
                            "records since \(since ?? -1) until \(until ?? -1)")
                    }
                }
            }
        },
    ]

    static let upkeep: [Law] = [
        Law("a blob is needed as long as any record needs it") { store in
            let id = try await store.makeRepository()
            let digest = BlobDigest(of: Array("x".utf8))
            let asset = try Fixture.asset("a", in: id)
            let index = Fixture.index("root", in: id)
            let needed = try await store.write { writing in
                var needed = [try writing.isReferenced(digest)]
                try writing.put(asset)
                try writing.put(index)
                needed.append(try writing.isReferenced(digest))
                _ = try writing.deleteAsset(id, asset.record.path)
                needed.append(try writing.isReferenced(digest))
                try writing.deleteCachedIndexes(id, key: nil)
                return needed + [try writing.isReferenced(digest)]
            }
            try require(needed, is: [false, true, true, false], "whether the blob is needed")
        },
        Law("needed blobs are listed once, in order, page by page, with who needs them") { store in
            let id = try await store.makeRepository()
            try await store.write { writing in
                for number in 0..<10 { try writing.put(try Fixture.asset("a\(number)", in: id, content: "\(number / 2)")) }
                for number in 3..<8 { try writing.put(Fixture.index("i\(number)", in: id, content: "\(number)")) }
            }
            let expected = (0..<8).map { BlobDigest(of: Array("\($0)".utf8)) }.sorted()
            var found: [BlobDigest] = []
            while found.count < 20 {
                let after = found.last
                let page = try await store.read { try $0.referencedBlobs(after: after, limit: 3) }
                if page.isEmpty { break }
                found += page
            }
            try require(found, is: expected, "needed blobs")
            let users = try await store.read { try $0.references(to: BlobDigest(of: Array("4".utf8))) }
            try require(users.assets.map(\.record.path.text), is: ["a8", "a9"], "files that need a blob")
            try require(users.indexes.map(\.key), is: ["i4"], "indexes that need a blob")
            let (byFile, byIndex) = try await store.read { reading in
                let digests = ["4", "7"].map { BlobDigest(of: Array($0.utf8)) }
                return (try digests.map(reading.isReferencedByFile), try digests.map(reading.isReferenced))
            }
            try require(byFile, is: [true, false], "whether files need a blob")
            try require(byIndex, is: [true, true], "whether anything needs a blob")
        },
        Law("counts follow every change of content") { store in
            let id = try await store.makeRepository()
            var expected = StoreCounts()
            expected.projects = 1
            expected.repositories = 1
            try require(try await store.read { try $0.counts() }, is: expected, "counts of nothing")
            try await store.write { writing in
                try writing.put(Fixture.package("p", in: id))
                try writing.put(Fixture.package("p", in: id))
                try writing.put(try Fixture.asset("a", in: id, content: "same", size: 10))
                try writing.put(try Fixture.asset("b", in: id, content: "same", size: 10))
                var sidecar = try Fixture.asset("a.note", in: id, content: "note", size: 3)
                sidecar.record.sidecarOf = try AssetPath("a")
                try writing.put(sidecar)
                try writing.put(try Fixture.asset("b", in: id, content: "other", size: 4))
            }
            expected.packages = 1
            expected.files = 2
            expected.sidecars = 1
            expected.logicalBytes = 17
            try require(try await store.read { try $0.counts() }, is: expected, "counts")
            // What a transaction takes back was never counted.
            do {
                try await store.write { writing in
                    try writing.put(try Fixture.asset("c", in: id, content: "c", size: 1))
                    throw SaveError(.conflict, "taken back")
                }
            } catch {}
            try require(try await store.read { try $0.counts() }, is: expected, "counts after a change that was taken back")
            _ = try await store.write { try $0.deleteAsset(id, try AssetPath("a")) }
            expected.files = 1
            expected.sidecars = 0
            expected.logicalBytes = 4
            try require(try await store.read { try $0.counts() }, is: expected, "counts after a file and its sidecar went")
            try await store.write { try $0.deleteRepository(id) }
            expected = StoreCounts()
            expected.projects = 1
            try require(try await store.read { try $0.counts() }, is: expected, "counts after the repository went")
        },
        Law("statistics count each needed blob once") { store in
            let id = try await store.makeRepository()
            try await store.write { writing in
                try writing.put(Fixture.package("p", in: id))
                try writing.put(try Fixture.asset("a", in: id, content: "same", size: 10))
                try writing.put(try Fixture.asset("b", in: id, content: "same", size: 10))
                try writing.put(try Fixture.asset("c", in: id, content: "other", size: 5))
            }
            var expected = StoreStatistics()
            expected.referencedBlobs = 2
            expected.referencedBytes = 15
            try require(try await store.read { try $0.statistics() }, is: expected, "statistics")
        },
    ]
}
