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
            await writer.cancel()
            try await blobs.delete(info.digest, committedBefore: Timestamp(microseconds: .max))
            for (name, reader) in [("before", early), ("after", late)] {
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
    ]

    static let parts: [Law] = [
        Law("reads at all edges") { blobs in
            let bytes = sample(10)
            let blob = try await blobs.open(try await store(bytes, in: blobs).digest)
            for start in 0...12 {
                for count in [0, 1, 9, 10, 11] {
                    let expected = Array(bytes.dropFirst(start).prefix(count))
                    let read = try await blob.read(at: Int64(start), count: count, pool: pool)
                    try require(read, is: expected, "\(count) bytes from \(start)")
                }
            }
        },
        Law("a part is streamed with its length, and ends there") { blobs in
            let bytes = sample(300_000)
            let blob = try await blobs.open(try await store(bytes, in: blobs).digest)
            for (start, length) in [
                (0, 300_000), (0, 1), (1, 299_998), (299_999, 1), (65_535, 2), (200_000, 400_000), (300_000, 1),
            ] {
                let expected = Array(bytes.dropFirst(start).prefix(length))
                let part = blob.stream(from: Int64(start), length: Int64(length), pool: pool)
                try require(part.length, is: Int64(expected.count), "the length of \(length) bytes from \(start)")
                var read: [UInt8] = []
                while let piece = try await part.next() {
                    try require(!piece.isEmpty, "a piece of a stream has no bytes")
                    read += piece
                }
                try require(read == expected, "\(length) bytes from \(start) came back changed")
            }
        },
        Law("parts are read side by side, and a reader that leaves hinders no other") { blobs in
            let bytes = sample(300_000)
            let blob = try await blobs.open(try await store(bytes, in: blobs).digest)
            let (first, second) = (blob.stream(pool: pool), blob.stream(from: 100, pool: pool))
            var (left, right): ([UInt8], [UInt8]) = ([], [])
            _ = try await blob.stream(from: 7, pool: pool).next()
            while let piece = try await first.next() {
                left += piece
                right += try await second.next() ?? []
            }
            while let piece = try await second.next() { right += piece }
            try require(left == bytes, "the bytes of the one came back changed")
            try require(right == Array(bytes.dropFirst(100)), "the bytes of the other came back changed")
        },
        Law("a caller that needs a local file gets one, of which nothing stays in the store") { blobs in
            for size in [0, 1, 300_000] {
                let bytes = sample(size, seed: size)
                let info = try await store(bytes, in: blobs)
                let before = try await blobs.digests(after: nil, limit: 10)
                let blob = try await blobs.open(info.digest)
                let file = try await blobs.localFile(of: blob)
                try require(file.size, is: Int64(size), "the size of the local file")
                try require(try file.read(at: 0, count: size + 1) == bytes, "the bytes of the local file")
                try require(try blob.file?.read(at: 0, count: size + 1) ?? bytes == bytes, "the bytes of the store's own file")
                try require(try await blobs.digests(after: nil, limit: 10), is: before, "blobs after the copy")
                try await blobs.delete(info.digest, committedBefore: Timestamp(microseconds: .max))
                try require(try file.read(at: 0, count: size + 1) == bytes, "the bytes of the local file of a deleted blob")
            }
        },
        Law("an open blob that was deleted gives its bytes, or says that they are gone") { blobs in
            let bytes = sample(300_000)
            let info = try await store(bytes, in: blobs)
            let blob = try await blobs.open(info.digest)
            let part = blob.stream(pool: pool)
            try await blobs.delete(info.digest, committedBefore: Timestamp(microseconds: .max))
            for read in [{ try await contents(blob, size: bytes.count) }, { try await part.collect(limit: bytes.count) }] {
                do {
                    try require(try await read() == bytes, "the bytes of a deleted blob came back changed")
                } catch let error as SaveError {
                    try require(blob.file == nil, "a local file of a deleted blob cannot be read")
                    try require(error.code, is: .assetNotFound, "the error of reading a deleted blob")
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
            try require(try await contents(blobs.open(first.digest), size: 3), is: [1, 2, 3], "the bytes afterwards")
        },
        Law("a deleted blob can be stored again") { blobs in
            let info = try await store([1, 2, 3], in: blobs)
            try await blobs.delete(info.digest, committedBefore: Timestamp(microseconds: .max))
            _ = try await store([1, 2, 3], in: blobs)
            try require(try await contents(blobs.open(info.digest), size: 3), is: [1, 2, 3], "the bytes")
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
            try require(try await contents(blobs.open(info.digest), size: 3), is: [1, 2, 3], "the bytes")
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
