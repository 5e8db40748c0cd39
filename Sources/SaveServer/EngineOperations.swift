internal import SaveAPI
package import SaveAccess
package import SavePlatform
package import SaveRepositories
package import SaveStorage

/// What the REST API asks of the repository engine and of the stores' upkeep.
package struct EngineOperations: RepositoryOperations, PackageExplaining, PolicyJudging {
    let services: EngineServices
    let maintenance: Maintenance
    let gcGrace: Int64
    let census: StorageCensus

    package init(services: EngineServices, maintenance: Maintenance, gcGrace: Int64) {
        census = StorageCensus(clock: services.clock, log: services.log) { try await maintenance.measure(grace: gcGrace) }
        self.services = services
        self.maintenance = maintenance
        self.gcGrace = gcGrace
    }

    package func probe(_ repository: Repository) async throws -> JSONValue {
        do {
            return try await services.probe(repository)
        } catch let error as SaveError where error.code == .upstreamForbidden || error.code == .upstreamInvalid {
            // Here the request is at fault, or what an administrator wrote into the repository.
            throw SaveError.invalid("remote_url", error.message)
        }
    }

    package func invalidateCache(of repository: Repository) async throws {
        try await services.invalidateCache(of: repository)
    }

    package func upstreamState(of repository: Repository) -> JSONValue {
        services.upstreamState(of: repository)
    }

    package func contentChanged(in repository: Int64, package: PackageID?) async {
        services.contentChanged(in: repository, package: package)
    }

    package func repositoryChanged(_ repository: Int64) async {
        services.contentChanged(in: repository, package: nil)
    }

    package func policyChanged(_ policy: PolicyRecord) {
        for repository in services.catalogue.current.repositories where policy.covers(repository.record) {
            services.counters.invalidateAll(in: repository.record.id)
        }
    }

    package func evaluate(_ packages: [PackageURL], in repository: Repository) async throws -> [JSONValue] {
        try await services.evaluate(packages, in: repository)
    }

    package func explain(_ package: String, in repository: Repository, refresh: Bool) async throws -> JSONValue {
        try await services.explain(package, in: repository, refresh: refresh).json
    }

    package func collectGarbage(dryRun: Bool) async throws -> JSONValue {
        let report = try await maintenance.collectGarbage(grace: gcGrace, dryRun: dryRun)
        return [
            "dry_run": .bool(dryRun), "removed_blobs": .integer(report.removed), "removed_bytes": .integer(report.removedBytes),
            "kept_young_blobs": .integer(report.keptYoung), "blobs": .integer(report.blobs),
            "blob_bytes": .integer(report.blobBytes),
        ]
    }

    package func storageSizes() async -> StorageCensus.Finding? { await census.finding() }
}
