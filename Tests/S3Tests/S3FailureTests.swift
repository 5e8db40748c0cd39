import Foundation
import SaveHTTP
import SavePlatform
import SaveS3
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// Counts, and says whether it is still one of the first.
private final class First: Sendable {
    private let left: Mutex<Int>
    init(_ count: Int) { left = Mutex(count) }
    func next() -> Bool {
        left.withLock { left in
            left -= 1
            return left >= 0
        }
    }
}

@Suite struct S3FailureTests {
    private let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 9)) }

    private func error(_ body: () async throws -> Void) async -> SaveError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? SaveError
        }
    }

    @Test(arguments: [(503, "SlowDown"), (500, "InternalError"), (409, "ConditionalRequestConflict"), (400, "RequestTimeout")])
    func `a store that is busy for a moment is asked again`(status: Int, code: String) async throws {
        let test = try TestStore(try ScriptedBucket())
        for method in ["PUT", "HEAD", "GET", "DELETE"] {
            let first = First(2)
            test.bucket.onRequest { $0.method == method && first.next() ? .refusal(status, code) : nil }
            // What HEAD fails with is known by its status alone.
            if method == "HEAD", status < 429 { continue }
            let info = try await test.store(bytes)
            #expect(try await test.read(info.digest) == bytes)
            #expect(try await test.store.delete(info.digest, committedBefore: Timestamp(microseconds: .max)))
        }
    }

    @Test func `a store that stays busy is told of, and nothing is left`() async throws {
        let test = try TestStore(try ScriptedBucket())
        test.bucket.onRequest { _ in .refusal(503, "SlowDown") }
        let error = await error { _ = try await test.store(bytes) }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains("503 SlowDown") == true)
        #expect(test.bucket.server.requests.count == 5)
        #expect(try test.names() == [] && test.bucket.keys == [])
    }

    @Test func `a store that says nothing is not asked again after its time`() async throws {
        let test = try TestStore(try ScriptedBucket()) { $0.patience = .zero }
        test.bucket.onRequest { _ in [.close] }
        #expect(await error { _ = try await test.store(bytes) }?.code == .storageUnavailable)
        #expect(test.bucket.server.requests.count == 1)
    }

    @Test(arguments: [
        (403, "SignatureDoesNotMatch", SaveError.Code.storageUnavailable, "s3_secret_key"),
        (403, "RequestTimeTooSkewed", .storageUnavailable, "clock"), (403, "QuotaExceeded", .storageFull, "full"),
        (404, "NoSuchBucket", .storageUnavailable, "bucket"), (301, "PermanentRedirect", .storageUnavailable, "s3_endpoint"),
    ]) func `a refusal says what to mend, is not tried again, and names no secret`(
        status: Int, code: String, expected: SaveError.Code, word: String
    ) async throws {
        let test = try TestStore(try ScriptedBucket())
        test.bucket.onRequest { _ in .refusal(status, code) }
        let error = await error { _ = try await test.store(bytes) }
        #expect(error?.code == expected)
        #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
        #expect("\(error as Any)".contains("a secret of") == false)
        #expect(test.bucket.server.requests.count == 1)
    }

    @Test func `a bucket that is gone is not taken for a missing file`() async throws {
        let test = try TestStore(try ScriptedBucket())
        let info = try await test.store(bytes)
        let blob = try await test.store.open(info.digest)
        test.bucket.onRequest { _ in .refusal(404, "NoSuchBucket") }
        #expect(await error { _ = try await blob.read(at: 0, count: 10, pool: test.pool) }?.code == .storageUnavailable)
        #expect(await error { _ = try await test.store.digests(after: nil, limit: 10) }?.code == .storageUnavailable)
        #expect(await error { try await test.store.prepare(for: "one") }?.code == .storageUnavailable)
    }

    @Test func `a bucket that is gone fails the look for a file`() async throws {
        let test = try TestStore(try ScriptedBucket())
        let info = try await test.store(bytes)
        test.bucket.onRequest { $0.method == "HEAD" ? .response(404) : .refusal(404, "NoSuchBucket") }
        #expect(await error { _ = try await test.store.open(info.digest) }?.code == .storageUnavailable)
    }

    @Test func `a list that begins again for ever is refused`() async throws {
        let test = try TestStore(try ScriptedBucket())
        let name = String(repeating: "a", count: 64)
        test.bucket.onRequest { _ in
            .document(
                "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>save/blobs/\(name)</Key><Size>1</Size></Contents></ListBucketResult>"
            )
        }
        #expect(await error { _ = try await test.store.digests(after: nil, limit: 10) }?.code == .storageUnavailable)
    }

    @Test func `a connection that is lost in the middle of a file costs nobody a byte`() async throws {
        let test = try TestStore(try ScriptedBucket())
        let info = try await test.store(bytes)
        let (first, bytes) = (First(3), bytes)
        test.bucket.onRequest { request in
            guard request.method == "GET", first.next() else { return nil }
            let start = request.headers["range"].flatMap { Int($0.dropFirst(6).prefix { $0 != "-" }) } ?? 0
            let status = request.headers["range"] == nil ? 200 : 206
            return [
                .text("HTTP/1.1 \(status) OK\r\nContent-Length: \(bytes.count - start)\r\n"),
                .text("Content-Range: bytes \(start)-299999/300000\r\n\r\n"),
                .send(Array(bytes[start...].prefix(50_000))),
                .close,
            ]
        }
        #expect(try await test.read(info.digest) == bytes)
        let ranges = test.bucket.server.requests.filter { $0.method == "GET" }.map { $0.headers["range"] }
        #expect(ranges == [nil, "bytes=50000-299999", "bytes=100000-299999", "bytes=150000-299999"])
    }

    @Test func `an answer that announces fewer bytes than there are is not taken for the file`() async throws {
        let test = try TestStore(try ScriptedBucket())
        let info = try await test.store(bytes)
        test.bucket.onRequest { $0.method == "GET" ? .response($0.headers["range"] == nil ? 200 : 206, [:], "") : nil }
        #expect(await error { _ = try await test.read(info.digest) }?.code == .storageUnavailable)
    }

    @Test func `wrong bytes never come to an end, and never into the cache`() async throws {
        for cacheSize in [Int64(0), 1 << 20] {
            let writing = try TestStore(try ScriptedBucket())
            let info = try await writing.store(bytes)
            let reading = try TestStore(writing.bucket, cacheSize: cacheSize)
            var wrong = bytes
            wrong[123_456] ^= 1
            writing.bucket.set("save/blobs/\(info.digest)", wrong)
            let stream = try await reading.store.open(info.digest).stream(pool: reading.pool)
            var count = 0
            let error = await error { while let piece = try await stream.next() { count += piece.count } }
            #expect(error?.code == .blobCorrupt)
            #expect(count < bytes.count)
            #expect(reading.store.cachedBytes == 0)
            #expect(try reading.names() == [])
            writing.bucket.set("save/blobs/\(info.digest)", bytes)
            #expect(try await reading.read(info.digest) == bytes)
            #expect(reading.store.cachedBytes == (cacheSize > 0 ? Int64(bytes.count) : 0))
        }
    }

    @Test func `a copy whose bytes the disk has changed is fetched again after a restart`() async throws {
        let before = try TestStore(try ScriptedBucket(), cacheSize: 1 << 20)
        let info = try await before.store(bytes)
        let other = try await before.store([1, 2, 3])
        let hex = info.digest.hex
        try Data(repeating: 0, count: bytes.count).write(
            to: URL(filePath: "\(before.folder.path)/cache/\(hex.prefix(2))/\(hex.dropFirst(2).prefix(2))/\(hex)"))
        let after = try TestStore(before.bucket, cacheSize: 1 << 20, folder: before.folder)
        try await after.store.prepare(for: "one")
        #expect(after.store.cachedBytes == Int64(bytes.count) + 3)
        let asked = after.bucket.server.requests.count
        #expect(try await after.read(other.digest) == [1, 2, 3])
        #expect(after.bucket.server.requests.count == asked)
        #expect(try await after.read(info.digest) == bytes)
        #expect(after.bucket.server.requests.dropFirst(asked).map(\.method) == ["HEAD", "GET"])
    }

    @Test func `copies stay within their bound, and what was used last stays`() async throws {
        let test = try TestStore(try ScriptedBucket(), cacheSize: 10_000)
        let infos = try await [0, 1, 2].asyncMap { try await test.store([UInt8](repeating: $0, count: 4000)) }
        #expect(test.store.cachedBytes <= 10_000)
        let asked = test.bucket.server.requests.count
        _ = try await test.read(infos[2].digest)
        #expect(test.bucket.server.requests.count == asked)
        // Larger than half of it: not kept.
        _ = try await test.read(try await test.store([UInt8](repeating: 9, count: 5001)).digest)
        #expect(test.store.cachedBytes <= 8000)
    }

    @Test func `what the bucket has lost is found behind a copy`() async throws {
        let test = try TestStore(try ScriptedBucket(), cacheSize: 1 << 20)
        let info = try await test.store(bytes)
        test.bucket.set("save/blobs/\(info.digest)", nil)
        #expect(try await BlobCheck.read(info.digest, in: test.store, pool: test.pool).problem == nil)
        #expect(try await BlobCheck.read(info.digest, in: test.store.withoutCopies, pool: test.pool).problem == .missing)
    }

    @Test func `what is damaged is set aside, unless it was stored again`() async throws {
        let test = try TestStore(try ScriptedBucket(), cacheSize: 1 << 20)
        let first = try await test.store(bytes)
        let second = try await test.store(bytes)
        let aside = test.store.withoutCopies
        #expect(try await aside.setAside(first.digest, committed: first.committed) == false)
        #expect(try await aside.setAside(first.digest, committed: second.committed))
        #expect(test.bucket.keys == ["save/damaged/\(first.digest)"])
        #expect(await error { _ = try await test.store.open(first.digest) }?.code == .assetNotFound)
    }

    // MARK: - Parts

    private func parted(_ bucket: ScriptedBucket) throws -> TestStore {
        try TestStore(bucket) {
            $0.maxPutBytes = 50_000
            $0.partSize = 100_000
        }
    }

    @Test func `an upload whose part fails for good is given up`() async throws {
        let test = try parted(try ScriptedBucket())
        test.bucket.onRequest { $0.target.contains("partNumber=2") ? .refusal(500, "InternalError") : nil }
        #expect(await error { _ = try await test.store(bytes) }?.code == .storageUnavailable)
        #expect(test.bucket.uploads == [] && test.bucket.keys == [])
        #expect(try test.names() == [])
    }

    @Test func `an upload that the store has forgotten fails, and the next one works`() async throws {
        let test = try parted(try ScriptedBucket())
        let first = First(1)
        test.bucket.onRequest { $0.target.contains("partNumber=3") && first.next() ? .refusal(404, "NoSuchUpload") : nil }
        #expect(await error { _ = try await test.store(bytes) } != nil)
        #expect(test.bucket.keys == [])
        let info = try await test.store(bytes)
        #expect(try await test.read(info.digest) == bytes)
    }

    @Test func `a completion whose answer is lost is not done twice, and one that fails in its body is no success`() async throws
    {
        let test = try parted(try ScriptedBucket())
        let first = First(1)
        test.bucket.onRequest { request in
            request.method == "POST" && request.target.contains("uploadId") && first.next()
                ? .document("<Error><Code>InternalError</Code></Error>") : nil
        }
        #expect(await error { _ = try await test.store(bytes) }?.code == .storageUnavailable)
        #expect(test.bucket.keys == [] && test.bucket.uploads == [])
    }

    @Test func `uploads that were lost more than a day ago are given up at the start, and no others`() async throws {
        let test = try TestStore(try ScriptedBucket())
        let now = PlatformClock.system.now()
        test.bucket.beginUpload("save/blobs/old", at: now.adding(seconds: -90_000))
        test.bucket.beginUpload("save/blobs/young", at: now.adding(seconds: -80_000))
        test.bucket.beginUpload("others/old", at: now.adding(seconds: -95_000))
        try await test.store.prepare(for: "one")
        #expect(test.bucket.uploads == ["others/old", "save/blobs/young"])
    }

    // MARK: - Whose bucket it is

    @Test func `another server's prefix is refused, and its own is found again`() async throws {
        let test = try TestStore(try ScriptedBucket())
        try await test.store.prepare(for: "one")
        try await test.store.prepare(for: "one")
        try await test.store.probe()
        let error = await error { try await test.store.prepare(for: "two") }
        #expect(error?.code == .conflict)
        #expect(test.bucket.keys == ["save/save-server"])
        test.bucket.set("save/save-server", nil)
        #expect(await self.error { try await test.store.probe() }?.code == .storageUnavailable)
    }

    @Test func `of two servers that begin together one gets the prefix`() async throws {
        let test = try TestStore(try ScriptedBucket())
        let first = First(1)
        // The other one's object comes between the look and the write.
        test.bucket.onRequest { [bucket = test.bucket] request in
            if request.method == "PUT", first.next() { bucket.set("save/save-server", Array("two\n".utf8)) }
            return nil
        }
        #expect(await error { try await test.store.prepare(for: "one") }?.code == .conflict)
    }
}

extension Array {
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
