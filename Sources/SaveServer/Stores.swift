internal import FoundationEssentials
internal import Glibc
package import SaveBlobs
internal import SavePlatform
internal import SavePostgres
internal import SaveSQLMetadata
internal import SaveSQLite

/// The parts of a server on a data directory, without the network: what `serve` and the maintenance commands share.
package struct Stores: Sendable {
    let directory: DataDirectory
    let metadata: SQLMetadataStore
    let blobs: FileBlobStore
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
        let directory = try DataDirectory(configuration.data, for: purpose, hasDatabase: configuration.database == nil)
        if directory.isNew { try ServerKey.create(at: directory.keyPath) }
        ServerKey.noteIdentity(at: directory.keyPath)
        let pool = BlockingPool(name: "files", threads: 8)
        let blobs = try FileBlobStore(root: directory.blobsPath, reserveBytes: configuration.diskReserve, pool: pool)
        let metadata =
            if let address = configuration.database { try await PostgresStore.open(address) } else {
                try SQLiteStore.open(path: directory.databasePath)
            }
        try directory.complete()
        return Stores(
            directory: directory, metadata: metadata, blobs: blobs, pool: pool,
            // One more than there are processors: long work never has that one. What is on its way to clients goes first.
            processors: BlockingPool(
                name: "processor", threads: max(2, ProcessInfo.processInfo.activeProcessorCount) + 1, niceness: 5))
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
