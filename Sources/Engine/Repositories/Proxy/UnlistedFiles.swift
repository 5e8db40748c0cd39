internal import SaveAccess
internal import SavePlatform

/// What an upstream has beside its lists, for formats with such versions (`UnlistedVersions`).
struct UnlistedFiles: Sendable {
    private let context: UpstreamContext

    init(_ context: UpstreamContext) { self.context = context }

    /// A file as a page lists it, or as the format knows it by its path.
    func record(_ path: AssetPath, _ package: PackageID?, in known: UpstreamMemory.KnownIndex) async throws -> AssetRecord? {
        if let listed = known.record(path) { return listed }
        guard let package, let format = context.unlisting,
            let record = try await format.ask({ $0.unlistedFile(at: path, of: package) }),
            record.path == path, record.package == package
        else { return nil }
        return record
    }

    /// Puts what a document of its own says of an index in the place of what the package's page lists.
    ///
    /// - Throws: what `UpstreamIndex.current` throws, but no miss: the package is this upstream's, and no other one is asked for what it
    ///   does not have.
    func read(_ index: IndexKey, into answer: inout SourcedListing) async throws {
        guard case .custom(_, _?) = index, let format = context.unlisting else { return }
        let listing = answer.listing
        guard try await format.ask({ $0.hasDocument(of: index, in: listing) }) else { return }
        do {
            let found = try await UpstreamIndex(context).current(index)
            answer.listing.assets = found.known.listing.assets
            for member in found.known.listing.attributes.members { answer.listing.attributes[member.key] = member.value }
            answer.validity.merge(context.validity(of: found))
        } catch let miss as SourceMiss {
            answer.validity.merge(miss.validity)
        }
    }

    /// The paths, of files that are here, at which an upstream may have a file that it does not list.
    func paths(among files: [AssetPath], of package: PackageID) async throws -> Set<AssetPath> {
        guard let format = context.unlisting, !files.isEmpty else { return [] }
        return try await format.ask { format in Set(files.filter { format.unlistedFile(at: $0, of: package) != nil }) }
    }
}
