internal import SaveCaching
internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Says on a proxy's pages which sidecars can be had: those that are here, those that the upstream has, and those that can be
/// read out of their files.
struct SidecarAnnouncements: Sendable {
    private let context: UpstreamContext
    private let format: IsolatedFormat<any EmbeddedMetadata>
    private var memory: UpstreamMemory { context.memory }

    /// From a host that sends only whole files, one of this size is fetched whole for the sake of its sidecar: while a larger
    /// one arrives, clients would give up waiting. Bytes.
    private static let smallFile: Int64 = 4 << 20

    /// Listings of more files are gone through on a thread that may take its time.
    private static let maxInline = 200

    init(_ context: UpstreamContext, _ format: IsolatedFormat<any EmbeddedMetadata>) {
        self.context = context
        self.format = format
    }

    /// Notes in the files of a package's listing what there is beside them. Clients fail when a sidecar that was announced
    /// is not there (PEP 658), so what is in doubt is not announced.
    func apply(to answer: inout SourcedListing, of package: PackageID, _ found: UpstreamMemory.FoundIndex) async throws {
        let cached = if let files = found.files { files } else { try await context.cachedFiles(of: package) }
        let isStale = found.known.isStale
        answer.validity.dependencies.append(.init(repository: context.repository, version: cached.version))
        let listed = answer.listing.assets
        let (announced, end) = try await format.ask(
            on: listed.count > Self.maxInline ? context.processors : nil, lasting: .rendering(listed.count)
        ) { announce(listed, cached.files, isStale: isStale, by: $0) }
        answer.listing.assets = announced
        // A page that the upstream confirms again and again must not forget for good what was lost.
        if let end { answer.validity.validUntil = min(answer.validity.validUntil ?? .max, end) }
    }

    /// Whether the upstream lists a sidecar in the very words that will be used when it is here, and the pages pass that on.
    func isListed(_ sidecar: AssetRecord, of package: PackageID) async throws -> Bool {
        let index = UpstreamMemory.Key(upstream: context.upstream, index: .package(package))
        guard let path = sidecar.sidecarOf, let known = memory.listings[index], let file = known.record(path),
            known.record(sidecar.path) != nil, memory.lostSidecars[.init(upstream: context.upstream, path: sidecar.path)] == nil
        else { return false }
        return try await format.ask { format in
            // Pages say nothing of other kinds of sidecars.
            guard described(by: sidecar, format) != nil else { return true }
            var announced = file
            format.announceSidecar(sidecar.checksums, in: &announced)
            return announced == file
        }
    }

    /// - Parameter cached: what is here of the package.
    /// - Returns: the files with what is noted in them, and until when that holds, where something is lost for a time.
    private func announce(
        _ listed: [AssetRecord], _ cached: [StoredAsset], isStale: Bool, by format: any EmbeddedMetadata
    ) -> ([AssetRecord], UInt64?) {
        var assets = listed
        var end: UInt64?
        var checksums: [AssetPath: [Checksum]] = [:]
        var files: Set<AssetPath> = []
        for asset in cached {
            if asset.record.sidecarOf == nil { files.insert(asset.record.path) }
            if let file = described(by: asset.record, format) { checksums[file] = asset.record.checksums }
        }
        let offered = offered(in: assets, format)
        // Asked once and not for every file: of most packages every sidecar can be had.
        let lost = memory.lostSidecars.usage.count > 0 ? memory.lostSidecars : nil
        let now = context.clock.uptime()
        for place in assets.indices where assets[place].sidecarOf == nil {
            let file = assets[place]
            if let kept = checksums[file.path] {
                format.announceSidecar(kept, in: &assets[place])
            } else if let sidecar = offered[place] ?? format.embeddedSidecar(of: file)?.path {
                if let lost = lost?[.init(upstream: context.upstream, path: sidecar)], lost.until > now {
                    end = min(end ?? .max, lost.until)
                    format.announceSidecar(nil, in: &assets[place])
                } else if offered[place] == nil, files.contains(file.path) || !isStale && canBeRead(file, now) {
                    format.announceSidecar([], in: &assets[place])
                }
            }
        }
        return (assets, end)
    }

    /// The sidecars that the upstream lists, by the places of their files.
    private func offered(in assets: [AssetRecord], _ format: any EmbeddedMetadata) -> [AssetPath?] {
        var offered = [AssetPath?](repeating: nil, count: assets.count)
        var places: [AssetPath: Int]?
        for (place, record) in assets.enumerated() where record.sidecarOf != nil {
            guard let file = described(by: record, format) else { continue }
            if place > 0, assets[place - 1].path == file {
                // Nearly always the file comes right before it, and nothing has to be looked up.
                offered[place - 1] = record.path
            } else {
                let known = places ?? Dictionary(assets.enumerated().map { ($1.path, $0) }) { first, _ in first }
                places = known
                if let found = known[file] { offered[found] = record.path }
            }
        }
        return offered
    }

    /// The file that a record is the sidecar of: one of the kind that the format announces, there may be others.
    private func described(by record: AssetRecord, _ format: any EmbeddedMetadata) -> AssetPath? {
        record.sidecarOf.flatMap { format.file(ofSidecar: record.path) == $0 ? $0 : nil }
    }

    /// Whether a file that is not here can be looked into.
    private func canBeRead(_ file: AssetRecord, _ now: UInt64) -> Bool {
        guard let origin = file.origin else { return false }
        guard memory.sendsOnlyWholeFiles(context.id, origin, now: now) else { return true }
        return file.size.map { $0 <= Self.smallFile } ?? false
    }
}
