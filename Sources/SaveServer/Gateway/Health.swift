package import SaveHTTP
internal import SavePlatform
package import SaveStorage
internal import Synchronization

/// `/health`, `/health/live` and `/health/ready`, for load balancers: no credentials, no details but the failing part.
package final class Health: Sendable {
    private let storage: StorageProbe?
    /// What must work, in the order in which it is told of.
    private let parts: [(name: String, look: SharedLook)]
    private let version: String
    private let log: Log
    /// Stored files that the scrub has found damaged: nothing that another server would be better at, and so no failing part.
    private let damaged: @Sendable () -> Int64
    private let isDraining = Mutex(false)
    /// What failed at the last look, so that a change is logged once.
    private let failing = Mutex<String?>(nil)

    static let blobStore = "blob store"

    /// - Parameters:
    ///   - probe: looks at the blob store, where there is more to look at than whether it answers.
    ///   - storage: looks at the data directory; nil for stores that have none.
    ///   - trail: throws where records do not get into the audit trail.
    ///   - patience: after which a part that does not answer counts as failed.
    package init(
        store: any MetadataStore, blobs: any BlobStore,
        probe: (@Sendable () async throws -> Void)? = nil, storage: StorageProbe? = nil, version: String, log: Log = .silent(),
        patience: Duration = .seconds(5), clock: PlatformClock = .system,
        damaged: @escaping @Sendable () -> Int64 = { 0 }, trail: @escaping @Sendable () throws -> Void = {}
    ) {
        self.storage = storage
        var parts: [(name: String, look: SharedLook)] = []
        func add(_ name: String, _ look: @escaping @Sendable () async throws -> String?) {
            let shared = SharedLook(at: "the \(name)", patience: patience, clock: clock) {
                do { return try await look() } catch { return "\(error)" }
            }
            parts.append((name: name, look: shared))
        }
        if let storage { add("data directory") { await storage.problem() } }
        add("database") {
            _ = try await store.read { try $0.lastAudit()?.sequence }
            return nil
        }
        add("audit trail") {
            try trail()
            return nil
        }
        add(Self.blobStore) {
            if let probe {
                try await probe()
                return nil
            }
            _ = try await blobs.stat(BlobDigest(of: []))
            return nil
        }
        self.parts = parts
        self.version = version
        self.log = log
        self.damaged = damaged
    }

    /// From now on not ready: no new requests, please.
    func drain() { isDraining.withLock { $0 = true } }

    /// The process is up.
    var live: ServerPath { ServerPath("/health/live", for: .anyone) { [self] _ in answer(nil) } }

    /// Requests can be answered.
    var ready: [ServerPath] {
        ["/health", "/health/ready"].map { path in
            ServerPath(path, for: .anyone) { [self] _ in
                if isDraining.withLock({ $0 }) { return answer("draining") }
                return answer(await failingPart())
            }
        }
    }

    /// The part that does not work; nil when all do. What is found is less than two seconds old (`SharedLook`). A server that drains still works.
    package func failingPart() async -> String? {
        let (part, problem) = await look()
        let before = failing.withLock { failing in
            defer { failing = part }
            return failing
        }
        if let part, before != part { log(.error, "not ready", ["failing": part, "error": problem]) }
        if part == nil, before != nil { log(.notice, "ready again") }
        return part
    }

    private func look() async -> (part: String?, problem: String) {
        for part in parts {
            if let problem = await part.look.problem() { return (part.name, problem) }
        }
        return (nil, "")
    }

    /// Looks by itself now and then, so that the log has what happened also where nobody asks. Until it is cancelled.
    package func watch(every interval: Duration = .seconds(10)) async {
        while !Task.isCancelled {
            _ = await failingPart()
            try? await Task.sleep(for: interval)
        }
    }

    /// Whether a change would be kept: not where the data directory has gone, whose files the server still holds open.
    package func checkWritable() throws {
        guard let storage, !storage.isInPlace else { return }
        throw SaveError(.storageUnavailable, "the server's data directory is gone: nothing would be kept of this")
    }

    private func answer(_ failing: String?) -> HTTPResponse {
        var body: JSONObject = ["status": .string(failing == nil ? "ok" : "unavailable"), "version": .string(version)]
        if let failing { body["failing"] = .string(failing) }
        let damaged = damaged()
        if damaged > 0 { body["damaged_files"] = .integer(damaged) }
        var response = HTTPResponse.json(failing == nil ? 200 : 503, .object(body))
        response.headers.append("Cache-Control", "no-store")
        return response
    }
}
