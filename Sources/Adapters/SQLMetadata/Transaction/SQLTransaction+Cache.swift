internal import SavePlatform
internal import SaveStorage

extension SQLTransaction {
    static let cacheColumns = "repository_id, key, blob, url, content_type, etag, last_modified, fetched, verified"

    static func cachedIndex(_ row: inout SQLColumns) throws -> CachedIndex {
        CachedIndex(
            repository: try row.integer(), key: try row.text(), blob: try row.digest(), url: try row.text(),
            contentType: row.optionalText(), etag: row.optionalText(), lastModified: row.optionalText(),
            fetched: try row.time(), verified: try row.time())
    }

    func cachedIndex(_ repository: Int64, _ key: String) throws -> CachedIndex? {
        try session.first(
            "SELECT \(Self.cacheColumns) FROM cached_indexes WHERE repository_id = $1 AND key = $2",
            [.integer(repository), .text(key)], Self.cachedIndex)
    }

    func put(_ index: CachedIndex) throws {
        try session.execute(
            """
            INSERT INTO cached_indexes (\(Self.cacheColumns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (repository_id, key) DO UPDATE SET blob = excluded.blob, url = excluded.url,
              content_type = excluded.content_type, etag = excluded.etag, last_modified = excluded.last_modified,
              fetched = excluded.fetched, verified = excluded.verified
            """,
            [
                .integer(index.repository), .text(index.key), .text(index.blob.hex), .text(index.url), .text(index.contentType),
                .text(index.etag), .text(index.lastModified), .time(index.fetched), .time(index.verified),
            ])
    }

    func deleteCachedIndexes(_ repository: Int64, key: String?) throws {
        if let key {
            try session.execute(
                "DELETE FROM cached_indexes WHERE repository_id = $1 AND key = $2", [.integer(repository), .text(key)])
        } else {
            try session.execute("DELETE FROM cached_indexes WHERE repository_id = $1", [.integer(repository)])
        }
    }

    func sighting(_ repository: Int64, _ path: AssetPath, digest: String) throws -> Timestamp? {
        try session.first(
            "SELECT seen FROM file_sightings WHERE repository_id = $1 AND path = $2 AND digest = $3",
            [.integer(repository), .text(path.text), .text(digest)]
        ) { try $0.time() }
    }

    func put(_ sighting: FileSighting) throws {
        try session.execute(
            "DELETE FROM file_sightings WHERE repository_id = $1 AND path = $2 AND digest <> $3",
            [.integer(sighting.repository), .text(sighting.path.text), .text(sighting.digest)])
        try session.execute(
            """
            INSERT INTO file_sightings (repository_id, path, digest, seen) VALUES ($1, $2, $3, $4)
            ON CONFLICT (repository_id, path, digest) DO NOTHING
            """,
            [.integer(sighting.repository), .text(sighting.path.text), .text(sighting.digest), .time(sighting.seen)])
    }

    func anomalies(_ repository: Int64, package: PackageID) throws -> [ObservedAnomaly] {
        try session.rows(
            """
            SELECT kind, subject, seen FROM upstream_anomalies WHERE repository_id = $1 AND package = $2 ORDER BY kind, subject
            """, [.integer(repository), .text(package.name)]
        ) { row in
            ObservedAnomaly(
                repository: repository, package: package, kind: try row.choice(), subject: try row.text(), seen: try row.time())
        }
    }

    func put(_ anomaly: ObservedAnomaly) throws -> Bool {
        try session.execute(
            """
            INSERT INTO upstream_anomalies (repository_id, package, kind, subject, seen) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (repository_id, package, kind, subject) DO NOTHING
            """,
            [
                .integer(anomaly.repository), .text(anomaly.package.name), .text(anomaly.kind.rawValue), .text(anomaly.subject),
                .time(anomaly.seen),
            ]) > 0
    }

    func deleteAnomalies(_ repository: Int64) throws {
        try session.execute("DELETE FROM upstream_anomalies WHERE repository_id = $1", [.integer(repository)])
    }

    // MARK: Refusals

    private static let refusalColumns = "id, repository_id, policy_id, package, version, path, refused"
    private static let subjectMatch = "repository_id = $1 AND package = $2 AND version = $3 AND path = $4 AND policy_id = $5"

    private static func refusal(_ row: inout SQLColumns) throws -> RefusalRecord {
        let id = try row.integer()
        let (repository, policy) = (try row.integer(), try row.integer())
        let subject = RefusalSubject(
            repository: repository, policy: policy, package: try row.text(), version: try row.text(), path: try row.text())
        return RefusalRecord(id: id, subject: subject, refused: try row.time())
    }

    private static func values(_ subject: RefusalSubject) -> [SQLValue] {
        [
            .integer(subject.repository), .text(subject.package), .text(subject.version), .text(subject.path),
            .integer(subject.policy),
        ]
    }

    func refusal(_ id: Int64) throws -> RefusalRecord? {
        try session.first("SELECT \(Self.refusalColumns) FROM refusals WHERE id = $1", [.integer(id)], Self.refusal)
    }

    func refusal(of subject: RefusalSubject) throws -> RefusalRecord? {
        try session.first(
            "SELECT \(Self.refusalColumns) FROM refusals WHERE \(Self.subjectMatch)", Self.values(subject), Self.refusal)
    }

    func refusals(_ repository: Int64, package: String) throws -> [RefusalRecord] {
        try session.rows(
            "SELECT \(Self.refusalColumns) FROM refusals WHERE repository_id = $1 AND package = $2 ORDER BY id",
            [.integer(repository), .text(package)], Self.refusal)
    }

    func put(_ refusal: RefusalRecord) throws -> RefusalRecord {
        if let known = try self.refusal(of: refusal.subject) { return known }
        var refusal = refusal
        refusal.id = try insert(
            """
            INSERT INTO refusals (repository_id, package, version, path, policy_id, refused) VALUES ($1, $2, $3, $4, $5, $6)
              RETURNING id
            """, Self.values(refusal.subject) + [.time(refusal.refused)])
        return refusal
    }

    func deleteRefusals(through id: Int64) throws {
        try session.execute("DELETE FROM refusals WHERE id <= $1", [.integer(id)])
    }
}
