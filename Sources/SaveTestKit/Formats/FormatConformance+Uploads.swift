internal import SaveDigest
internal import SavePlatform

/// What an upload contains, and that abilities are what they say.
extension FormatConformance {
    /// Sizes of the pieces in which the same body arrives. A format must not see where they end.
    private static let chunkSizes = [1, 2, 3, 7, 64, 1021, 65_536]

    func chunkings(_ format: any RepositoryFormat) async -> [String] {
        var found: [String] = []
        for upload in uploads {
            let place = "\(upload.method.name) \(upload.path)"
            do {
                let whole = try await contents(of: upload, chunk: max(upload.body.count, 1), format)
                for size in Self.chunkSizes where try await contents(of: upload, chunk: size, format) != whole {
                    found.append("\(place): means something else in pieces of \(size) bytes")
                }
            } catch {
                found.append("\(place): is not taken: \(error)")
            }
            // Whatever is missing at the end of a form, it is not taken for the whole; a bare file has no end of its own, nor has
            // a change that the path says alone.
            if !upload.body.isEmpty, case .upload(let plan) = try? route(format, upload.method, upload.path), plan.path == nil {
                let cut = SampleUpload(
                    upload.method, upload.path, contentType: upload.contentType, body: Array(upload.body.dropLast(8)))
                if (try? await contents(of: cut, chunk: 1000, format)) != nil {
                    found.append("\(place): is taken without its end")
                }
            }
        }
        return found
    }

    /// What an upload turns out to contain: comparable, without what only names it in its staging.
    private func contents(
        of upload: SampleUpload, chunk: Int, _ format: any RepositoryFormat
    ) async throws -> [UploadedItem] {
        guard case .upload(let plan) = try route(format, upload.method, upload.path) else {
            throw SaveError(.invalidRequest, "the route is not an upload")
        }
        let request = UploadRequest(
            plan: plan, contentType: upload.contentType, body: ByteStream(upload.body, chunk: chunk))
        let submission = try await format.receive(request, into: InMemoryStaging())
        return submission.items.map {
            UploadedItem(record: $0.record, digest: $0.staged.digest, package: submission.package)
        }
    }

    private struct UploadedItem: Equatable {
        let record: AssetRecord
        let digest: BlobDigest
        let package: PackageSummary?
    }

    // MARK: Abilities

    func claims(_ format: any RepositoryFormat) async -> [String] {
        let methods: [HTTPMethod] = [.get, .put, .post, .patch, .delete]
        let routes = (paths + uploads.map(\.path)).flatMap { path in methods.compactMap { try? route(format, $0, path) } }
        let has: (FormatAbilities, String, Bool) -> [String] = { ability, name, isThere in
            guard abilities.contains(ability) != isThere else { return [] }
            return [isThere ? "has \(name) without the ability" : "claims \(name), and no path shows it"]
        }
        var found = has(.indexes, "indexes", routes.contains { if case .index = $0 { true } else { false } })
        found += has(.uploads, "uploads", routes.contains { if case .upload = $0 { true } else { false } })
        found += has(.deletes, "deletes", routes.contains { if case .delete = $0 { true } else { false } })
        found += sessionClaims(format, routes)
        if abilities.contains(.uploads), uploads.isEmpty { found.append("claims uploads, and no upload shows it") }
        if !abilities.contains(.uploads) {
            let upload = UploadRequest(plan: UploadPlan(), contentType: nil, body: .empty)
            do {
                _ = try await format.receive(upload, into: InMemoryStaging())
                found.append("an upload is taken without the ability")
            } catch {
                if (error as? SaveError)?.code != .unsupported { found.append("an upload without the ability throws \(error)") }
            }
        }
        if !abilities.contains(.indexes) {
            let page = Outcome { try format.render(.root, as: .html, from: Listing(), context: RenderContext(basePath: "/x/")) }
            if page != .failure(.unsupported) { found.append("an index is rendered without the ability") }
        }
        return found + upstreamClaims(format)
    }

    private func sessionClaims(_ format: any RepositoryFormat, _ routes: [Route]) -> [String] {
        let opened = sessions.compactMap { try? route(format, $0.opening.method, $0.opening.path) }
        let hasSteps = (routes + opened).contains { if case .session = $0 { true } else { false } }
        let endsSome = routes.contains { if case .upload(let plan) = $0 { plan.session != nil } else { false } }
        switch (abilities.contains(.uploadSessions), hasSteps || endsSome) {
        case (true, false): return ["claims uploads in several requests, and no sample shows one"]
        case (false, true): return ["has uploads in several requests without the ability"]
        default: return []
        }
    }

    private func upstreamClaims(_ format: any RepositoryFormat) -> [String] {
        let base = "https://upstream.example.com/x/"
        let files = (try? AssetPath("a/b")).map { [UpstreamTarget.asset($0)] } ?? []
        let outcomes = (indexes.map { .index($0.key) } + files).map { target in
            Outcome { try format.upstreamRequest(for: target, base: base).url.hasPrefix("http") }
        }
        let works = outcomes.contains(.value(true))
        if abilities.contains(.proxy) { return works ? [] : ["claims proxies, and knows no upstream's URL"] }
        return outcomes.allSatisfy { $0 == .failure(.unsupported) } ? [] : ["has upstreams without the ability"]
    }
}
