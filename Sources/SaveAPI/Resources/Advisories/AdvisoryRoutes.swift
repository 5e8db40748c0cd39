internal import SaveAccess
internal import SaveAdvisories
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Advisories that were imported: which there are of a package, and how others come in.
enum AdvisoryRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .get, "/advisories", .signedIn, "The advisories of a package, or of one version of it, the worst first",
            query: [
                FieldRule(
                    "package", .form(.packageURL), required: true,
                    "A package URL; without a version it means all of them.", example: "pkg:pypi/requests@2.32.5")
            ], answer: "AdvisoryList"
        ) { call, _ in
            let url = try PackageURL(call.query["package"] ?? "")
            guard call.context.formats.entry(where: { ASCII.isEqual($0.purlType, url.type) }) != nil else {
                let known = call.context.formats.entries.compactMap(\.ecosystem?.purlType).joined(separator: ", ")
                throw SaveError.invalid(
                    "package", "'package': this server has no packages of the type '\(url.type)', but of \(known)")
            }
            let question = try await call.context.advisories.question(url)
            let found = try await question.asyncMap { try await call.context.advisories.advisories(about: $0) } ?? []
            return call.answer(["items": .array(found.map { .object(json($0)) }), "next": .null])
        },
        APIRoute(
            .post, "/advisories", .administer,
            "Take in an archive of records in the OSV schema, such as an all.zip; all of it, or nothing",
            query: [FieldRule("replace", .boolean, "Forget the records that are not in the archive.")],
            payload: Payload(type: MediaType("application/zip"), schema: Schema(["type": "string", "format": "binary"])),
            answer: "AdvisoryImport", failures: [.conflict], action: "advisories.import"
        ) { call, _ in
            let file = try await call.context.advisories.receive(call.request.body)
            try call.confirm()
            let report = try await AdvisoryImport(into: call.context.advisories).run(
                [AdvisoryImport.File(name: "the body", file: file)], replacing: call.query["replace"] == "true",
                confirm: { report in
                    let counts = json(report).members.filter { $0.value.integer != nil }.map { ($0.key, $0.value) }
                    try await call.change { _, _ in ((), [call.event("advisories", JSONObject(counts))]) }
                })
            return call.answer(.object(json(report)))
        },
        APIRoute(.get, "/advisories/status", .signedIn, "How many advisories there are, and how new", answer: "AdvisoryStatus") {
            call, _ in
            let status = try await call.context.advisories.status()
            return call.answer([
                "records": .integer(Int64(status.records)), "newest": JSONValue(status.newest?.rfc3339),
                "imported_at": JSONValue(status.imported?.rfc3339),
                "ecosystems": .array(
                    status.ecosystems.map { ecosystem in
                        [
                            "name": .string(ecosystem.name), "records": .integer(Int64(ecosystem.records)),
                            "newest": JSONValue(ecosystem.newest?.rfc3339),
                        ]
                    }),
            ])
        },
        APIRoute(
            .get, "/advisories/{advisory}", .signedIn, "An advisory by its id or an alias, with its records",
            answer: "AdvisoryRecords"
        ) { call, _ in
            guard let (advisory, documents) = try await call.context.advisories.advisory(named: call["advisory"]) else {
                throw SaveError(
                    .notFound, "there is no such advisory here: /api/v1/advisories/status tells how new those here are")
            }
            var answer = json(advisory)
            answer["records"] = .array(documents.compactMap { try? JSONValue(parsing: $0) })
            return call.answer(.object(answer))
        },
    ]

    private static func json(_ advisory: Advisory) -> JSONObject {
        [
            "id": .string(advisory.id), "aliases": .array(advisory.aliases.map(JSONValue.string)),
            "summary": .string(advisory.summary), "severity": JSONValue(advisory.severity?.name),
            "malware": .bool(advisory.isMalware),
            "fixed_versions": .array(advisory.fixedVersions.map(JSONValue.string)),
            "published": JSONValue(advisory.published?.rfc3339), "modified": JSONValue(advisory.modified?.rfc3339),
            "withdrawn": JSONValue(advisory.withdrawn?.rfc3339),
        ]
    }

    private static func json(_ report: AdvisoryImport.Report) -> JSONObject {
        [
            "added": .integer(Int64(report.changes.added)), "updated": .integer(Int64(report.changes.updated)),
            "unchanged": .integer(Int64(report.changes.unchanged)), "other_ecosystems": .integer(Int64(report.foreign)),
            "refused": .integer(Int64(report.refused)), "reasons": .array(report.reasons.map(JSONValue.string)),
        ]
    }
}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncMap<Value>(_ body: (Wrapped) async throws -> Value) async rethrows -> Value? {
        guard let self else { return nil }
        return try await body(self)
    }
}
