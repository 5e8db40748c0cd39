internal import SaveDigest
package import SaveHTTP
package import SavePlatform
package import SaveStorage
internal import Synchronization

/// Uploads that take more than one request, between their requests: the bytes on disk in the blob store's staging area, the
/// rest in memory. They end with the process, and the store removes what they leave when it is opened again.
///
/// A session belongs to a repository and a principal; for anybody else it is not there. One request at a time changes it.
package final class UploadSessions: Sendable {
    /// How long, and how many.
    package struct Rules: Sendable {
        /// Seconds after its last request at which a session is forgotten.
        package var lifetime: Int64 = 3600
        /// Open sessions of one principal.
        package var perPrincipal = 64
        /// Open sessions in all: each holds a file open.
        package var total = 512

        package init() {}
    }

    /// How far a session is.
    package struct Progress: Sendable, Equatable {
        package let id: String
        /// Bytes that are there.
        var size: Int64

        /// What is there, as a `Range` field.
        package var range: String { Self.range(of: size) }

        /// An empty session says `0-0` as one of a single byte does, which is how the protocol of container images has it.
        static func range(of size: Int64) -> String { "0-\(max(0, size - 1))" }
    }

    private struct Session {
        let repository: Int64
        let owner: Owner
        let writer: any BlobWriter
        var size: Int64 = 0
        var isBusy = false
        /// A request tried to end it with what was there: its file takes no more.
        var isWhole = false
        /// Uptime of the last request.
        var used: UInt64
    }

    /// The owner of a session: an account, whichever of its credentials it used.
    private struct Owner: Equatable {
        let kind: String
        let id: Int64

        init(_ principal: Principal) {
            kind = principal.auditKind
            id =
                switch principal {
                case .user(let id, _, _, _), .robot(let id, _, _, _): id
                case .anonymous, .system: 0
                }
        }
    }

    private let blobs: any BlobStore
    private let pool: BlockingPool
    private let clock: PlatformClock
    private let rules: Rules
    private let sessions = Mutex<[String: Session]>([:])
    /// So much is written at once, as for other uploads.
    private static let piece = 1 << 20

    init(blobs: any BlobStore, pool: BlockingPool, clock: PlatformClock, rules: Rules) {
        self.blobs = blobs
        self.pool = pool
        self.clock = clock
        self.rules = rules
    }

    /// Sessions that are open.
    package var count: Int { sessions.withLock { $0.count } }

    // MARK: - Steps

    /// Begins a session.
    ///
    /// - Throws: `tooManyRequests` when the principal has too many, `busy` when all have, `storageFull`.
    package func open(in repository: Int64, by principal: Principal) async throws -> Progress {
        await expire()
        let owner = Owner(principal)
        try sessions.withLock { try checkNumber(of: owner, in: $0) }
        try await blobs.checkSpace(for: nil)
        let id = Hex.encode(try Secrets.random(16))
        let session = Session(repository: repository, owner: owner, writer: try await blobs.begin(), used: clock.uptime())
        do {
            try sessions.withLock { sessions in
                // Others may have come first while the file was made.
                try checkNumber(of: owner, in: sessions)
                sessions[id] = session
            }
        } catch {
            await session.writer.cancel()
            throw error
        }
        return Progress(id: id, size: 0)
    }

    private func checkNumber(of owner: Owner, in sessions: [String: Session]) throws {
        guard sessions.values.count(where: { $0.owner == owner }) < rules.perPrincipal else {
            throw SaveError(
                .tooManyRequests, "there are \(rules.perPrincipal) unfinished uploads of yours: end or abandon one",
                details: ["retry_after": "60"])
        }
        guard sessions.count < rules.total else {
            throw SaveError(
                .busy, "there are too many unfinished uploads: end or cancel some of them, or try again later",
                details: ["retry_after": "60"])
        }
    }

    /// How far a session is, also while a request adds to it.
    ///
    /// - Throws: `notFound`.
    package func status(of id: String, in repository: Int64, by principal: Principal) throws -> Progress {
        let now = clock.uptime()
        return try sessions.withLock { sessions in
            let session = try find(id, repository, Owner(principal), in: sessions)
            sessions[id]?.used = now
            return Progress(id: id, size: session.size)
        }
    }

    /// Adds a body to a session. What came of a body that breaks off stays; of one with other digests than its client says nothing does.
    ///
    /// - Parameter limit: bytes that a session may have.
    /// - Throws: `notFound`, `conflict` while another request changes it, `rangeNotSatisfiable` for a body that does not
    ///   belong there; then the session is as before. After `tooLarge` of a body that did not say its length, `digestMismatch`,
    ///   `storageFull` and `storageUnavailable` it is gone. What the body throws.
    package func append(
        _ body: ByteStream, at range: ContentRange?, to id: String, in repository: Int64, by principal: Principal, limit: Int64?
    ) async throws -> Progress {
        let session = try claim(id, repository, principal)
        do {
            guard !session.isWhole else { throw Self.whole }
            try Self.check(range, body.length, against: session.size)
            if let length = body.length, let limit, length > limit - session.size { throw Self.tooLarge(limit) }
            try await blobs.checkSpace(for: body.length)
        } catch {
            release(id, size: session.size)
            throw error
        }
        var progress = Progress(id: id, size: session.size)
        do {
            let interruption = try await write(body, to: session.writer, &progress, limit: limit)
            // What is written is not taken back, so that the session ends with it.
            if let refused = interruption as? SaveError, refused.code == .digestMismatch { throw refused }
            release(id, size: progress.size)
            if let interruption { throw Interruption(interruption) }
            return progress
        } catch let broken as Interruption {
            throw broken.error
        } catch {
            await forget(id)
            throw error
        }
    }

    /// What ended a body early, told apart from what goes wrong here.
    private struct Interruption: Error {
        let error: any Error
        init(_ error: any Error) { self.error = error }
    }

    /// - Returns: what the body threw, if it did; all that came before is written.
    private func write(
        _ body: ByteStream, to writer: any BlobWriter, _ progress: inout Progress, limit: Int64?
    ) async throws -> (any Error)? {
        var gathered: [UInt8] = []
        var interruption: (any Error)?
        while true {
            let chunk: [UInt8]?
            do {
                chunk = try await body.next()
            } catch {
                interruption = error
                chunk = nil
            }
            if let chunk {
                gathered += chunk
                if let limit, Int64(gathered.count) > limit - progress.size { throw Self.tooLarge(limit) }
            }
            guard chunk == nil || gathered.count >= Self.piece else { continue }
            try await writer.write(gathered)
            progress.size += Int64(gathered.count)
            gathered.removeAll(keepingCapacity: true)
            if chunk == nil { return interruption }
        }
    }

    /// Forgets a session with its bytes.
    ///
    /// - Throws: `notFound`, `conflict` while another request changes it.
    package func abandon(_ id: String, in repository: Int64, by principal: Principal) async throws {
        _ = try claim(id, repository, principal)
        await forget(id)
    }

    /// Ends a session: hands out its bytes, followed by a body, as one stream. When `use` throws, the session is as before, but takes no more bytes where
    /// the body had none: they are not copied then, and their file is complete. Where that file itself is lost, the session is gone.
    ///
    /// - Throws: `notFound`, `conflict`, `rangeNotSatisfiable`, and what `use` throws.
    func end<Value: Sendable>(
        _ id: String, with body: ByteStream, at range: ContentRange?, in repository: Int64, by principal: Principal,
        _ use: (ByteStream) async throws -> Value
    ) async throws -> Value {
        let session = try claim(id, repository, principal)
        let bytes = SessionBytes(session.writer)
        do {
            try Self.check(range, body.length, against: session.size)
            let stream = try bytes.stream(pool: pool)
            let value = try await use(body.length == 0 && session.size > 0 ? stream : stream.followed(by: body))
            await forget(id)
            return value
        } catch {
            if bytes.isTaken {
                // What could not be made a blob is gone from the staging area: there is nothing to go on with.
                guard (try? await session.writer.finish()) != nil else {
                    await forget(id)
                    throw error
                }
                sessions.withLock { $0[id]?.isWhole = true }
            }
            release(id, size: session.size)
            throw error
        }
    }

    // MARK: - Upkeep

    /// Forgets sessions that nobody used for their lifetime, until the task is cancelled; then all. Call it once.
    package func run() async {
        while !Task.isCancelled {
            await expire()
            try? await Task.sleep(for: .seconds(30))
        }
        for id in sessions.withLock({ Array($0.keys) }) { await forget(id) }
    }

    /// Forgets sessions that nobody used for their lifetime.
    package func expire() async {
        let now = clock.uptime()
        let old = sessions.withLock { sessions in sessions.filter { isOver($0.value, now) }.map(\.key) }
        for id in old { await forget(id) }
    }

    private func isOver(_ session: Session, _ now: UInt64) -> Bool {
        !session.isBusy && now >= session.used &+ UInt64(clamping: rules.lifetime) &* 1_000_000_000
    }

    // MARK: - Parts

    private static let whole = SaveError(
        .conflict, "this upload is complete, since a request tried to end it: end it with the right digest, or begin another")

    private func find(
        _ id: String, _ repository: Int64, _ owner: Owner, in sessions: [String: Session]
    ) throws -> Session {
        guard let session = sessions[id], session.repository == repository, session.owner == owner,
            !isOver(session, clock.uptime())
        else { throw SaveError(.notFound, "there is no such unfinished upload: it has ended or expired; begin a new one") }
        return session
    }

    /// Takes a session for a request that changes it.
    private func claim(_ id: String, _ repository: Int64, _ principal: Principal) throws -> Session {
        try sessions.withLock { sessions in
            let session = try find(id, repository, Owner(principal), in: sessions)
            guard !session.isBusy else {
                throw SaveError(.conflict, "another request is changing this upload: send the rest when it is done")
            }
            sessions[id]?.isBusy = true
            return session
        }
    }

    private func release(_ id: String, size: Int64) {
        let now = clock.uptime()
        sessions.withLock { sessions in
            sessions[id]?.isBusy = false
            sessions[id]?.size = size
            sessions[id]?.used = now
        }
    }

    private func forget(_ id: String) async {
        let session = sessions.withLock { $0.removeValue(forKey: id) }
        await session?.writer.cancel()
    }

    /// - Throws: `invalidRequest` for a range that is not the body's, `rangeNotSatisfiable` for one that begins elsewhere.
    private static func check(_ range: ContentRange?, _ length: Int64?, against size: Int64) throws {
        guard let range else { return }
        guard let length else {
            throw SaveError.invalid("Content-Length", "Content-Length: needed where there is a Content-Range")
        }
        guard range.length == length else {
            throw SaveError.invalid("Content-Range", "Content-Range: \(range.length) bytes, but the body has \(length)")
        }
        guard range.first == size else {
            throw SaveError(
                .rangeNotSatisfiable, "Content-Range: the body begins at \(range.first), and \(size) bytes are there",
                details: ["range": Progress.range(of: size)])
        }
    }

    private static func tooLarge(_ limit: Int64) -> SaveError {
        SaveError(
            .tooLarge, "the upload is larger than the \(limit) bytes this repository takes: have an owner raise max_file_size")
    }
}
