internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Files that were uploaded here; also the cache of a proxy, which is the same but for who puts files in.
struct HostedSource: FileSource {
    let repository: Repository
    let storage: RepositoryStorage

    func listing(_ index: IndexKey) async throws -> SourcedListing {
        var index = index
        if case .directory(let path?) = index { index = .directory(path.plain) }
        let validity = validity(.index(index))
        let id = repository.record.id
        do {
            let listing =
                switch index {
                case .root: try await storage.store.read { try Self.root($0, id) }
                case .directory(let path): try await storage.store.read { try Self.directory($0, id, path) }
                case .package(let package), .custom(_, let package?): try await files(of: package)
                case .document: Listing()
                case .custom, .search: throw SaveError(.notFound, "there is no such index: check the URL")
                }
            return SourcedListing(listing: listing, validity: validity)
        } catch let error as SaveError where SourceMiss.codes.contains(error.code) {
            throw SourceMiss(error: error, validity: validity)
        }
    }

    func asset(
        _ path: AssetPath, package: PackageID?, method: HTTPMethod, by rules: FileRules
    ) async throws -> AssetContent {
        let path = path.plain
        let found = try await file(path, of: package)
        let facts = PackageFacts(repository: repository, id: package, attributes: found.attributes)
        do {
            let validity = try await rules.admit(found.subject, of: facts)
            return .stored(found.asset, try await open(found.asset), found.validity.merging(validity))
        } catch let miss as SourceMiss {
            throw SourceMiss(error: miss.error, validity: found.validity.merging(miss.validity))
        }
    }

    /// A file's rows.
    struct FoundFile: Sendable {
        let asset: StoredAsset
        /// Of the file, or of the one that it is a sidecar of.
        let subject: AssetRecord
        /// What is said of its package.
        let attributes: JSONObject
        let validity: CacheValidity
    }

    /// - Throws: `SourceMiss` when there is no such file.
    func file(_ path: AssetPath, of package: PackageID?) async throws -> FoundFile {
        var validity = validity(.asset(path))
        // A change of a package as a whole need not name each of its files.
        if let package { validity.merge(self.validity(.index(.package(package)))) }
        let (id, read) = (repository.record.id, validity)
        let found = try await storage.store.read { reading -> FoundFile? in
            guard let asset = try reading.asset(id, path) else { return nil }
            let subject = try asset.listed.judged { try reading.asset(id, $0)?.listed }
            let attributes = try package.flatMap { try reading.package(id, $0)?.attributes }
            return FoundFile(
                asset: asset, subject: subject, attributes: attributes ?? JSONObject(), validity: read)
        }
        guard let found else {
            throw SourceMiss(
                error: SaveError(
                    .assetNotFound, "there is no file '\(path)' in \(repository.record.coordinates): check the name"),
                validity: validity)
        }
        return found
    }

    /// The bytes of a file.
    func open(_ asset: StoredAsset) async throws -> Blob {
        let path = asset.record.path
        do {
            let blob = try await storage.blobs.open(asset.blob)
            guard blob.size == asset.size else { throw lost(path, "damaged", nil) }
            return blob
        } catch let error as SaveError where error.code == .assetNotFound {
            // The record says that the file is here: its bytes are lost, and "not found" would be a lie.
            throw lost(path, "missing", error)
        }
    }

    private func lost(_ path: AssetPath, _ how: String, _ error: SaveError?) -> SaveError {
        let mend = repository.record.kind == .hosted ? ": upload the same file again, or restore it from a backup" : ""
        return SaveError(.blobCorrupt, "the stored bytes of '\(path)' are \(how)\(mend)", underlying: error)
    }

    func owns(_ package: PackageID) async throws -> (owned: Bool, validity: CacheValidity) {
        let validity = validity(.index(.package(package)))
        let id = repository.record.id
        let isOwn = try await storage.store.read { reading in
            // The retired names of deleted files keep the name of their package, too: nobody else may have it before an
            // administrator releases them.
            if try reading.package(id, package) != nil { return true }
            return try !reading.retiredNames(id, package: package).isEmpty
        }
        // What a proxy has fetched of a namespace does not make the namespace its own.
        guard !isOwn, repository.record.kind == .hosted,
            let naming = repository.format.cast({ $0 as? any PackageNamespaces })
        else { return (isOwn, validity) }
        let namespaces = try await naming.ask { $0.namespaces(of: package) }
        let all = validity.merging(self.validity(.index(.root)))
        for namespace in namespaces where try await hosts(namespace) { return (true, all) }
        return (false, all)
    }

    /// Whether a version was published in a namespace, even where all were deleted and their names are retired. A package that has
    /// nothing but metadata is the folder of a group, and is in no other one.
    private func hosts(_ namespace: String) async throws -> Bool {
        let (id, limit) = (repository.record.id, 100)
        let first = PackageID(normalized: namespace)
        func isIn(_ package: PackageID) -> Bool { package.name.utf8.starts(with: namespace.utf8) }
        let retired = try await storage.store.read { try $0.packagesOfRetiredNames(id, after: first, limit: 1).first }
        if let retired, isIn(retired) { return true }
        var last = first
        while true {
            let start = last
            let page = try await storage.store.read { try $0.packages(id, after: start, limit: limit, matching: nil).map(\.id) }
            for package in page {
                guard isIn(package) else { return false }
                do {
                    if try await files(of: package).assets.contains(where: { $0.version != nil }) { return true }
                } catch let error as SaveError where error.code == .packageNotFound {
                    // It went meanwhile.
                }
            }
            guard page.count == limit, let next = page.last else { return false }
            last = next
        }
    }

    func validity(_ subject: ChangeCounters.Subject) -> CacheValidity {
        CacheValidity(dependencies: [
            .init(repository: repository, version: storage.counters.version(repository.record.id, subject))
        ])
    }

    private static func root(_ reading: any MetadataReading, _ id: Int64) throws -> Listing {
        var packages = PackageList.Builder()
        var last: PackageID?
        while true {
            let page = try reading.packages(id, after: last, limit: 1000, matching: nil)
            for package in page {
                packages.add(PackageSummary(id: package.id, displayName: package.displayName, serial: package.serial))
            }
            guard page.count == 1000 else {
                let serial = try reading.serial(ofRepository: id)
                return Listing(packages: packages.list(), serial: serial > 0 ? serial : nil)
            }
            last = page.last?.id
        }
    }

    private static func directory(_ reading: any MetadataReading, _ id: Int64, _ path: AssetPath?) throws -> Listing {
        let (files, directories) = try reading.directory(id, path)
        guard path == nil || !files.isEmpty || !directories.isEmpty else {
            throw SaveError(.assetNotFound, "there is no such directory: check the URL")
        }
        return Listing(assets: files.map(\.record), directories: directories)
    }
}
