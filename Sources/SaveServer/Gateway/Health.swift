package import SavePlatform
internal import Synchronization

/// `/health`, `/health/live` and `/health/ready`, for load balancers: no credentials, no details but the failing part.
package final class Health: Sendable {
    private let store: any MetadataStore
    private let blobs: any BlobStore
    private let version: String
    private let isDraining = Mutex(false)

    package init(store: any MetadataStore, blobs: any BlobStore, version: String) {
        self.store = store
        self.blobs = blobs
        self.version = version
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

    private func failingPart() async -> String? {
        do {
            _ = try await store.read { try $0.lastAudit()?.sequence }
        } catch {
            return "database"
        }
        do {
            _ = try await blobs.stat(BlobDigest(of: []))
        } catch {
            return "blob store"
        }
        return nil
    }

    private func answer(_ failing: String?) -> HTTPResponse {
        var body: JSONObject = ["status": .string(failing == nil ? "ok" : "unavailable"), "version": .string(version)]
        if let failing { body["failing"] = .string(failing) }
        var response = HTTPResponse.json(failing == nil ? 200 : 503, .object(body))
        response.headers.append("Cache-Control", "no-store")
        return response
    }
}
