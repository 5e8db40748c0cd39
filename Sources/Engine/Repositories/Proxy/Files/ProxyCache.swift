internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What is here of an upstream's files: kept for good once their digest is right, or once the upstream has said that there is none.
struct ProxyCache: Sendable {
    let context: UpstreamContext

    init(_ context: UpstreamContext) { self.context = context }

    private var id: Int64 { context.id }
    /// The rows, as those of a hosted repository.
    private var kept: HostedSource { HostedSource(repository: context.repository, storage: context.storage) }

    /// The cached file, unless its upstream place has no digest to go by and was not looked at for longer than `cache_ttl`.
    func stored(_ path: AssetPath, _ package: PackageID?) async throws -> AssetContent? {
        try await cached(path, package)?.content
    }

    /// - Returns: also the record of the file, or of the one that it is a sidecar of.
    func cached(
        _ path: AssetPath, _ package: PackageID?
    ) async throws -> (content: AssetContent, subject: AssetRecord)? {
        do {
            let found = try await kept.file(path, of: package)
            var validity = found.validity
            let blob = try await kept.open(found.asset)
            if context.isRevalidated(found.asset.record) {
                guard let age = age(of: found.asset), !hasDoubtfulKey(found.asset) else { return nil }
                validity.validUntil = context.deadline(seconds: context.settings.cacheTTL - age)
            }
            return (.stored(found.asset, blob, validity), found.subject)
        } catch is SourceMiss {
            return nil
        } catch let error as SaveError where error.code == .blobCorrupt {
            // The upstream still has it: drop the record and fetch it again.
            context.log(.warning, "cached file is damaged and will be fetched again", ["file": path.text])
            try await forget(path)
            context.counters.invalidate(id, [.asset(path)] + (package.map { [.sidecars($0)] } ?? []))
            return nil
        }
    }

    /// Seconds since the upstream was asked for a file that no index describes; nil where it is to be asked again.
    func age(of asset: StoredAsset) -> Int64? {
        let validators = UpstreamValidators(asset.record)
        let age = context.clock.now().seconds - validators.verified.seconds
        return wrote(validators) && age >= 0 && age < context.settings.cacheTTL ? age : nil
    }

    /// Whether validators are the words of the upstream that there is now.
    func wrote(_ validators: UpstreamValidators) -> Bool { validators.remote.map { $0 == context.settings.remoteURL } ?? true }

    /// Whether a cached file is kept under what may be another request's key now: until it was noted which `remote_url` a file is
    /// from, several spellings had one key.
    func hasDoubtfulKey(_ asset: StoredAsset) -> Bool {
        !context.isIndexed && UpstreamValidators(asset.record).remote == nil
            && (SpelledKey.spelling(of: asset.record.path, origin: "?") != nil
                || asset.record.path.text.utf8.contains { ASCII.isReservedInPaths($0) })
    }

    /// Drops the record of a file whose bytes are not here, unless another request has fetched it again.
    private func forget(_ path: AssetPath) async throws {
        let id = id
        guard let asset = try await context.store.read({ try $0.asset(id, path) }),
            try await context.blobs.stat(asset.blob)?.size != asset.size
        else { return }
        try await context.store.write { writing in
            guard try writing.asset(id, path) == asset else { return }
            _ = try writing.deleteAsset(id, path)
        }
    }

    /// Records a file whose bytes are here, and that there is its package: a sidecar whose file is not here makes none. A file of
    /// an upstream that the proxy no longer has is not recorded: its name is the next one's.
    func keep(_ record: AssetRecord, _ blob: BlobInfo) async throws {
        let now = context.clock.now()
        let asset = StoredAsset(
            repository: id, record: record, blob: blob.digest, size: blob.size, uploadedBy: nil, created: now)
        let isSaid = try await isAnnounced(record)
        let isOther: Bool? = try await context.store.write { writing in
            guard try context.hasPlace(in: writing) else { return nil }
            let earlier = try writing.asset(asset.repository, asset.record.path)
            try writing.put(asset)
            if let package = asset.record.package, asset.record.sidecarOf == nil,
                try writing.package(asset.repository, package) == nil
            {
                try writing.put(
                    PackageRecord(
                        repository: asset.repository, id: package, displayName: package.name, created: now, updated: now))
            }
            return earlier.map { $0.record.checksums != asset.record.checksums } ?? false
        }
        guard let isOther else { return }
        context.counters.invalidate(id, subjects(of: record, isSaid: isSaid && !isOther))
        // Policies may judge its file otherwise now that this is here.
        if record.sidecarOf != nil, context.repository.asksLicenses, let package = record.package {
            context.counters.invalidate(id, [.index(.package(package))])
        }
    }

    /// Whether the package's pages say of a sidecar that is not here what they will say when it is.
    private func isAnnounced(_ record: AssetRecord) async throws -> Bool {
        guard record.sidecarOf != nil, let package = record.package, let deriving = context.deriving else { return false }
        return try await SidecarAnnouncements(context, deriving).isListed(record, of: package)
    }

    /// What a newly cached file shows in: for a sidecar its package's pages, unless they say the same of it already, and the
    /// directories of a proxy that lists what it has fetched.
    private func subjects(of record: AssetRecord, isSaid: Bool) -> [ChangeCounters.Subject] {
        guard context.isIndexed, context.describing == nil else {
            // Where an upstream has no index of a package, what was fetched takes its place.
            return [.asset(record.path), .index(.directory(nil))] + (record.package.map { [.index(.package($0))] } ?? [])
                + ChangeCounters.directories(above: record.path).map { .index(.directory($0)) }
        }
        guard record.sidecarOf != nil, !isSaid, let package = record.package else { return [.asset(record.path)] }
        return [.asset(record.path), .sidecars(package)]
    }
}
