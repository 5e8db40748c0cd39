internal import FoundationEssentials
internal import Glibc
package import SaveBlobs
internal import SaveCurl
internal import SaveDigest
internal import SavePlatform
internal import SavePostgres
internal import SaveS3
internal import SaveSQLMetadata
internal import SaveSQLite
internal import SaveStorage

/// The parts of a server on a data directory, without the network: what `serve` and the maintenance commands share.
package struct Stores: Sendable {
    let directory: DataDirectory
    let metadata: SQLMetadataStore
    /// The stored files as they are served.
    let blobs: any BlobStore
    /// The stored files as they are kept, whatever copies there are: for what checks them.
    let originals: any BlobStore
    /// What of them is on the local disk: all, or copies and what is on its way to a bucket.
    let local: FileBlobStore
    /// Where they are kept, if not on the local disk.
    let bucket: S3BlobStore?
    let pool: BlockingPool
    let processors: BlockingPool

    /// Opens the data directory, which nobody else may have open, and makes what a new one lacks.
    ///
    /// - Throws: one sentence for whatever is wrong with it.
    package static func open(
        _ configuration: ServerConfiguration, for purpose: DataDirectory.Purpose
    ) async throws -> Stores {
        do {
            return try await openParts(configuration, for: purpose)
        } catch let error as SaveError {
            throw explained(error, configuration.data)
        }
    }

    private static func openParts(
        _ configuration: ServerConfiguration, for purpose: DataDirectory.Purpose
    ) async throws -> Stores {
        let address = try configuration.bucket()
        let directory = try DataDirectory(
            configuration.data, for: purpose, hasDatabase: configuration.database == nil, keepsFiles: address == nil)
        if configuration.database == nil { try makeKey(in: directory) }
        let pool = BlockingPool(name: "files", threads: 8)
        let local = try FileBlobStore(
            root: address == nil ? directory.blobsPath : directory.copiesPath, reserveBytes: configuration.diskReserve,
            durability: address == nil ? .each : .atEnd, pool: pool)
        let bucket = try address.map { try open($0, configuration, local: local, pool: pool) }
        let metadata =
            if let address = configuration.database { try await open(address, of: directory) } else {
                try SQLiteStore.open(path: directory.databasePath)
            }
        try directory.complete()
        return Stores(
            directory: directory, metadata: metadata, blobs: bucket ?? local, originals: bucket?.withoutCopies ?? local,
            local: local, bucket: bucket, pool: pool,
            // One more than there are processors: long work never has that one. What is on its way to clients goes first.
            processors: BlockingPool(
                name: "processor", threads: max(2, ProcessInfo.processInfo.activeProcessorCount) + 1, niceness: 5))
    }

    private static func makeKey(in directory: DataDirectory) throws {
        if directory.isNew { try ServerKey.create(at: directory.keyPath) }
        ServerKey.noteIdentity(at: directory.keyPath)
    }

    /// A database that other servers could open as well.
    private static func open(_ address: PostgresAddress, of directory: DataDirectory) async throws -> SQLMetadataStore {
        let metadata = try await PostgresStore.open(address)
        do { try await makeKey(in: directory, for: metadata) } catch {
            await metadata.close()
            throw error
        }
        return metadata
    }

    /// Makes sure as well that the directory belongs to the records: a new one is made for new records only, because a server that lost
    /// its directory would go on without its files, and with a key that opens nothing.
    ///
    /// - Throws: `storageUnavailable`, `invalidConfiguration`.
    private static func makeKey(in directory: DataDirectory, for metadata: SQLMetadataStore) async throws {
        // A first start that was cut short has left its key.
        let hasKey = FileManager.default.fileExists(atPath: directory.keyPath)
        if directory.isNew, !hasKey, try await metadata.bind(to: nil) != nil {
            throw SaveError(
                .storageUnavailable,
                "the database holds a server's records, and \(directory.path) has nothing of that server: mount its data directory there, put its server.key and blobs into it, or name an empty database"
            )
        }
        try makeKey(in: directory)
        let own = try ServerKey.identity(at: directory.keyPath)
        guard try await metadata.bind(to: own) == own else {
            throw SaveError(
                .invalidConfiguration,
                "the server's key \(directory.keyPath) is not the key that the records in the database were made with: put the right one there, or name another database. To go on with this one, empty the table server_identity; every API key and every upstream's password has to be made again then"
            )
        }
    }

    /// A bucket, which has not been asked for anything yet.
    ///
    /// - Parameter local: for copies, and for what is on its way there.
    static func open(
        _ address: S3Configuration, _ configuration: ServerConfiguration, local: FileBlobStore, pool: BlockingPool
    ) throws -> S3BlobStore {
        var transport = CurlClient.Configuration()
        transport.version = Version.current
        transport.caFile = configuration.outboundCAFile
        transport.maxConnections = configuration.bucketConnections
        transport.maxConnectionsPerHost = transport.maxConnections
        return S3BlobStore(
            S3Client(
                address, transport: try S3Client.transport(to: address, transport),
                downloads: try S3Client.transport(to: address, transport)), files: local,
            cacheSize: configuration.blobCacheSize, pool: pool)
    }

    /// What a server is called in its bucket. Only its key leads there.
    static func nameInBucket(_ key: [UInt8]) -> String {
        Hex.encode(Secrets.hmacSHA256(key: key, Array("whose bucket this is".utf8)))
    }

    /// Makes sure that the bucket can be used and is this server's.
    ///
    /// - Throws: one sentence for whatever is wrong with it.
    func prepare() async throws {
        try await bucket?.prepare(for: Self.nameInBucket(try ServerKey.read(directory.keyPath)))
    }

    package func close() async {
        await metadata.close()
        pool.stop()
        processors.stop()
    }

    // MARK: - Commands

    /// Opens the data of a server for a command that wants to find some, and closes it behind the command.
    ///
    /// - Throws: `notFound` where there is none; what the command throws, with the directory and the cause in its message.
    static func using<Result>(
        _ configuration: ServerConfiguration, _ body: (Stores) async throws -> Result
    ) async throws -> Result {
        let stores = try await open(configuration, for: .maintenance)
        do {
            try await stores.prepare()
            let result = try await body(stores)
            await stores.close()
            return result
        } catch let error as SaveError {
            await stores.close()
            throw explained(error, configuration.data)
        } catch {
            await stores.close()
            throw error
        }
    }

    /// Makes sure that there is a server's data: a misspelled directory would otherwise be made, with nothing in it that is wrong.
    ///
    /// - Throws: `notFound`.
    static func require(_ data: String) throws {
        var facts = stat()
        guard stat(data + "/save.db", &facts) != 0 else { return }
        let code = errno
        let reason = code == ENOENT || code == ENOTDIR ? "" : ": \(String(cString: strerror(code)))"
        throw SaveError(
            .notFound,
            "there is no server's data in \(absolute(data))\(reason) (no save.db); --data, SAVE_DATA or `data` in the configuration file says where it is"
        )
    }

    /// What goes wrong in a store has no path in it, because clients of a server read it. An operator needs one.
    private static func explained(_ error: SaveError, _ data: String) -> SaveError {
        guard let cause = error.underlying, !error.message.contains(data),
            [.storageUnavailable, .storageFull, .blobCorrupt, .internalFailure].contains(error.code)
        else { return error }
        return SaveError(
            error.code, "\(error.message) (\(cause)), in \(absolute(data))", details: error.details, underlying: error.underlying)
    }

    private static func absolute(_ path: String) -> String {
        path.utf8.first == UInt8(ascii: "/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}
