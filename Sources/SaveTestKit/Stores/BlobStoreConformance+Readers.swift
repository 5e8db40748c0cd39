internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

extension BlobStoreConformance {
    static let readers: [Law] = [
        Law("a reader sees what is written so far, and what is written later") { blobs in
            let writer = try await blobs.begin()
            try await writer.write(sample(1000))
            let reader = try writer.reader()
            try require(try reader.read(at: 0, count: 2000) == Array(sample(1000)), "the first bytes came back changed")
            try await writer.write(sample(1000, seed: 5))
            try require(try reader.read(at: 1000, count: 2000) == sample(1000, seed: 5), "later bytes did not arrive")
            try require(try reader.read(at: 2000, count: 10), is: [], "bytes past the end")
            await writer.cancel()
        },
        Law("a reader stays valid after commit, and after the blob is deleted") { blobs in
            let writer = try await blobs.begin()
            try await writer.write([1, 2, 3])
            let early = try writer.reader()
            let info = try await writer.commit(expecting: nil)
            let late = try writer.reader()
            let open = try await blobs.open(info.digest)
            await writer.cancel()
            try await blobs.delete(info.digest, committedBefore: Timestamp(microseconds: .max))
            for (name, reader) in [("before", early), ("after", late), ("open", open)] {
                try require(try reader.read(at: 0, count: 10), is: [1, 2, 3], "the bytes of the reader from \(name)")
            }
        },
        Law("a reader stays valid after cancel") { blobs in
            let writer = try await blobs.begin()
            try await writer.write([1, 2, 3])
            let reader = try writer.reader()
            await writer.cancel()
            try require(try reader.read(at: 1, count: 10), is: [2, 3], "the bytes after cancel")
        },
        Law("reads at all edges") { blobs in
            let bytes = sample(10)
            let file = try await blobs.open(try await store(bytes, in: blobs).digest)
            for start in 0...12 {
                for count in [0, 1, 9, 10, 11] {
                    let expected = Array(bytes.dropFirst(start).prefix(count))
                    try require(try file.read(at: Int64(start), count: count), is: expected, "\(count) bytes from \(start)")
                }
            }
        },
    ]

    static let deletions: [Law] = [
        Law("delete removes what was committed before a moment, and only that") { blobs in
            let info = try await store([1, 2, 3], in: blobs)
            try require(try await blobs.delete(info.digest, committedBefore: info.committed), is: false, "delete at the moment")
            try require(try await blobs.stat(info.digest), is: info, "the facts after a delete that came too early")
            let later = Timestamp(microseconds: info.committed.microseconds + 1)
            try require(try await blobs.delete(info.digest, committedBefore: later), is: true, "delete after the moment")
            try require(try await blobs.stat(info.digest) == nil, "stat knows a deleted blob")
            try await require(.assetNotFound, from: "opening a deleted blob") { _ = try await blobs.open(info.digest) }
            try require(try await blobs.delete(info.digest, committedBefore: later), is: false, "the second delete")
        },
        Law("bytes that are committed again are young again") { blobs in
            let first = try await store([1, 2, 3], in: blobs)
            while PlatformClock.system.now() <= first.committed {}
            let second = try await store([1, 2, 3], in: blobs)
            try require(second.committed > first.committed, "the time of the second commit is not later")
            try require(try await blobs.stat(first.digest), is: second, "the facts after the second commit")
            try require(
                try await blobs.delete(first.digest, committedBefore: second.committed), is: false, "delete before the commit")
            try require(try contents(try await blobs.open(first.digest), size: 3), is: [1, 2, 3], "the bytes afterwards")
        },
        Law("a deleted blob can be stored again") { blobs in
            let info = try await store([1, 2, 3], in: blobs)
            try await blobs.delete(info.digest, committedBefore: Timestamp(microseconds: .max))
            _ = try await store([1, 2, 3], in: blobs)
            try require(try contents(try await blobs.open(info.digest), size: 3), is: [1, 2, 3], "the bytes")
        },
        Law("deletions never take a blob whose commit was answered since") { blobs in
            let bytes = sample(500)
            let digest = BlobDigest(of: bytes)
            for _ in 0..<50 {
                let moment = PlatformClock.system.now()
                async let deletion = blobs.delete(digest, committedBefore: moment)
                let info = try await store(bytes, in: blobs)
                _ = try await deletion
                try require(info.committed >= moment, "the commit has an older time than its begin")
                try require(try await blobs.stat(digest), is: info, "the facts of a blob committed during a deletion")
            }
        },
    ]

    static let holds: [Law] = [
        Law("delete asks, and leaves what is needed") { blobs in
            let info = try await store([1, 2, 3], in: blobs)
            let removed = try await blobs.delete(info.digest, committedBefore: Timestamp(microseconds: .max)) { true }
            try require(removed, is: false, "delete of what is needed")
            try require(try await blobs.stat(info.digest), is: info, "the facts of what is needed")
        },
        Law("a blob whose writer has not ended is never removed") { blobs in
            let writers = [try await blobs.begin(), try await blobs.begin()]
            var digest = BlobDigest(of: [])
            for writer in writers {
                try await writer.write([1, 2, 3])
                digest = try await writer.commit(expecting: nil).digest
            }
            for writer in writers {
                let removed = try await blobs.delete(digest, committedBefore: Timestamp(microseconds: .max))
                try require(removed, is: false, "delete of a blob that is held")
                await writer.cancel()
                await writer.cancel()
            }
            let removed = try await blobs.delete(digest, committedBefore: Timestamp(microseconds: .max))
            try require(removed, is: true, "delete of a blob that was let go of")
        },
        Law("bytes that are committed while a deletion asks whether they are needed stay, though they were let go of since") {
            blobs in
            let info = try await store([1, 2, 3], in: blobs)
            let removed = try await blobs.delete(info.digest, committedBefore: Timestamp(microseconds: .max)) {
                // The record is written after the question was answered.
                let writer = try await blobs.begin()
                try await writer.write([1, 2, 3])
                try await writer.commit(expecting: nil) { _ in }
                return false
            }
            try require(removed, is: false, "delete of a blob that was committed meanwhile")
            try require(try contents(try await blobs.open(info.digest), size: 3), is: [1, 2, 3], "the bytes")
        },
        Law("a deletion whose question fails removes nothing and can be done again") { blobs in
            let info = try await store([1, 2, 3], in: blobs)
            try await require(.busy, from: "a delete whose question fails") {
                try await blobs.delete(info.digest, committedBefore: Timestamp(microseconds: .max)) {
                    throw SaveError(.busy, "later")
                }
            }
            try require(try await blobs.stat(info.digest), is: info, "the facts after the failure")
            let removed = try await blobs.delete(info.digest, committedBefore: Timestamp(microseconds: .max))
            try require(removed, is: true, "the next delete")
        },
    ]

    static let listings: [Law] = [
        Law("listing is ordered and complete, page by page") { blobs in
            var expected: [BlobDigest] = []
            for seed in 0..<40 { expected.append(try await store(sample(20, seed: seed), in: blobs).digest) }
            expected.sort()
            for limit in [1, 3, 39, 40, 41] {
                var found: [BlobDigest] = []
                while found.count <= expected.count {
                    let page = try await blobs.digests(after: found.last, limit: limit)
                    try require(page.count <= limit, "a page of \(page.count) where \(limit) were asked for")
                    if page.isEmpty { break }
                    found += page
                }
                try require(found, is: expected, "all digests in pages of \(limit)")
            }
            let absent = BlobDigest(of: [77])
            try require(
                try await blobs.digests(after: absent, limit: 100), is: expected.filter { $0 > absent },
                "the digests after one that is absent")
        },
        Law("a small write fits on the disk") { blobs in
            try await blobs.checkSpace(for: 1)
            try await blobs.checkSpace(for: nil)
        },
    ]
}
