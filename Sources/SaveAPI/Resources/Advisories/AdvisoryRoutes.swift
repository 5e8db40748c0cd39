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
            query: [
                FieldRule("replace", .boolean, "Forget the records that are not in the archive."),
                FieldRule("wait", .boolean, "false: answer with the job that does it, as `Prefer: respond-async` does."),
            ],
            payload: Payload(type: MediaType("application/zip"), schema: Schema(["type": "string", "format": "binary"])),
            answer: "AdvisoryImport", isDeferrable: true, failures: [.conflict], action: "advisories.import"
        ) { call, _ in
            let file = try await call.context.advisories.receive(call.request.body)
            try call.confirm()
            let work = AdvisoryArchive(call: call, file: file, isReplacing: call.query["replace"] == "true")
            guard call.query["wait"] == "false" || call.request.prefersJob else {
                return call.answer(.object(try await work.bring { _ in }.json))
            }
            return try work.start(as: importJob)
        },
        APIRoute(
            .post, "/advisories/fetch", .administer, "Ask all of `advisory_sources` now; answers with the job that does it",
            status: 202, answer: "Job", failures: [.conflict], action: "advisories.fetch"
        ) { call, _ in
            guard let feeds = call.context.feeds, !feeds.sources.isEmpty else {
                throw SaveError(.conflict, "there are no sources: name some in the key 'advisory_sources' of the configuration")
            }
            try await call.change { _, _ in ((), [call.event("advisories")]) }
            let job = try feeds.fetch(by: call.principal.auditName)
            return call.answer(.object(JobRoutes.json(job)), location: "/api/v1/jobs/\(job.id)")
        },
        APIRoute(.get, "/advisories/status", .signedIn, "How many advisories there are, and how new", answer: "AdvisoryStatus") {
            call, _ in
            let status = try await call.context.advisories.status()
            let sources = try await call.context.feeds?.status() ?? []
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
                "sources": .array(
                    sources.map { source, state in
                        [
                            "url": .string(source.name), "fetched_at": JSONValue(state.fetched?.rfc3339),
                            "changed_at": JSONValue(state.changed?.rfc3339), "error": JSONValue(state.error),
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

    /// The name of an import among jobs.
    static let importJob = "advisories.import"
}

extension HTTPRequest {
    /// `Prefer: respond-async` (RFC 7240, 4.1).
    fileprivate var prefersJob: Bool {
        headers.values(of: "prefer").flatMap { $0.utf8.split(separator: UInt8(ascii: ",")) }.contains { preference in
            let words = ASCII.lowercased(String(Substring(preference))).utf8.drop { $0 == 0x20 || $0 == 0x09 }
            return words.prefix { $0 != 0x20 && $0 != 0x09 && $0 != UInt8(ascii: ";") }.elementsEqual("respond-async".utf8)
        }
    }
}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncMap<Value>(_ body: (Wrapped) async throws -> Value) async rethrows -> Value? {
        guard let self else { return nil }
        return try await body(self)
    }
}
