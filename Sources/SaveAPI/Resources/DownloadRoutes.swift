internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Which accounts downloaded a package, where repositories record their downloads (`audit_downloads`).
enum DownloadRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .get, "/downloads", .inspect, "Which accounts downloaded a package, the latest first",
            query: [
                FieldRule(
                    "package", .form(.packageURL), required: true,
                    "A package URL; without a version it means all of them.", example: "pkg:pypi/requests@2.32.5"),
                FieldRule("since", .time, "Only from this time on."),
            ] + APICall.paging, answer: "DownloadList"
        ) { call, _ in
            let package = try PackageURL(call.query["package"] ?? "")
            let files = try await files(of: package, call)
            let since = call.query["since"].flatMap { Timestamp(rfc3339: $0) }
            let page: ListExport.Fetch = { after, limit in
                let found = try await downloads(of: files, since: since, before: after.flatMap { Int64($0) }, limit: limit, call)
                return found.map { json($0, files) }
            }
            if call.representation != .json { return try call.export(page) }
            return call.answer(try await page(try call.position(), call.limit).json(call) { $0 })
        }
    ]

    /// The trail is asked for each file; for more, it can be searched by the name of the repository.
    private static let maxFiles = 2_000

    /// Files by the names that the audit trail has for them.
    private static func files(of package: PackageURL, _ call: APICall) async throws -> [String: AssetRecord] {
        var files: [String: AssetRecord] = [:]
        let format = call.context.formats.entry { $0.purlType == package.type }?.descriptor.id ?? package.type
        let holders = call.caller.auditedRepositories.filter { $0.record.format == format && $0.record.kind != .group }
        for repository in holders {
            guard let id = try await identity(of: package.name, in: repository) else { continue }
            for asset in try await call.context.store.read({ try $0.assets(repository.record.id, package: id) })
            where asset.record.sidecarOf == nil {
                if let version = package.version, asset.record.version.map({ ASCII.isEqual($0, version) }) != true { continue }
                files["\(repository.record.coordinates)/\(asset.record.path)"] = asset.record
                guard files.count <= maxFiles else {
                    throw SaveError.invalid(
                        "package",
                        "there are more than \(maxFiles) files of \(package): ask for one version, such as \(package)@1.0")
                }
            }
        }
        return files
    }

    /// The key of a package by any spelling of its name; nil for what is no name to the format.
    private static func identity(of name: String, in repository: Repository) async throws -> PackageID? {
        guard let naming = repository.naming else { return PackageID(normalized: name) }
        return try await naming.ask { $0.package(named: name) }
    }

    /// Records of the downloads of some files, the latest first.
    private static func downloads(
        of files: [String: AssetRecord], since: Timestamp?, before: Int64?, limit: Int, _ call: APICall
    ) async throws -> Page<AuditRecord> {
        let resources = files.keys.sorted()
        let found = try await call.context.store.read { reading in
            var latest: [AuditRecord] = []
            for resource in resources {
                var query = AuditQuery(limit: limit + 1)
                query.resource = resource
                query.action = "file.download"
                query.since = since
                query.before = before
                let records = try reading.audit(query).records
                guard !records.isEmpty else { continue }
                latest = Array((latest + records).sorted { $0.sequence > $1.sequence }.prefix(limit + 1))
            }
            return latest
        }
        return Page(found, limit: limit) { String($0.sequence) }
    }

    private static func json(_ record: AuditRecord, _ files: [String: AssetRecord]) -> JSONValue {
        let file = files[record.resource]
        let path = file?.path.text ?? ""
        return [
            "id": .integer(record.sequence), "time": .string(record.time.rfc3339), "actor": .string(record.actor),
            "actor_kind": .string(record.actorKind), "source_ip": .string(record.sourceIP),
            "user_agent": .string(record.userAgent),
            "repository": .string(String(record.resource.utf8.dropLast(path.utf8.count + 1)) ?? ""), "path": .string(path),
            "version": JSONValue(file?.version), "count": record.details["count"] ?? .integer(0),
            "parts": record.details["parts"] ?? .integer(0), "via": record.details["via"] ?? .null,
        ]
    }
}
