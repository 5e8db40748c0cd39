internal import SaveAdvisories
internal import SavePlatform

/// Advisories, and the answers of the OSV protocol.
enum AdvisorySchemas {
    static let all: KeyValuePairs<String, Schema> = [
        "Advisory": .members(advisory),
        "AdvisoryRecords": .closed(
            advisory.map { ($0.key, $0.value) } + [
                ("records", Schema.list(of: .object).described("In the OSV schema, as they were imported."))
            ]),
        "AdvisoryImport": .members([
            "added": .count, "updated": .count,
            "unchanged": Schema.count.described("Records that were there already, as new as in the archive or newer."),
            "other_ecosystems": Schema.count.described(
                "Records that were left out: no format of this server has their packages."),
            "refused": Schema.count.described("Entries that are no records."),
            "reasons": Schema.list(of: .text).described("Why, of the first that were refused."),
        ]),
        "AdvisoryStatus": .members([
            "records": .count, "newest": Schema.time.orNull.described("When the newest record was modified."),
            "imported_at": Schema.time.orNull.described("When records came in last."),
            "ecosystems": .list(of: .named("AdvisoryEcosystem")),
            "sources": Schema.list(of: .named("AdvisorySource")).described("Those of `advisory_sources`."),
        ]),
        "AdvisorySource": .members([
            "url": Schema.text.described("Without credentials and query."),
            "fetched_at": Schema.time.orNull.described("When it answered last, since the start of the server."),
            "changed_at": Schema.time.orNull.described("When other content came in from it."),
            "error": Schema.text.orNull.described("Why it could not be fetched the last time."),
        ]),
        "AdvisoryFetch": .members(["sources": .list(of: .named("AdvisorySourceResult"))]),
        "AdvisorySourceResult": .members([
            "url": .text, "outcome": .choice(AdvisoryFeeds.Outcome.allCases.map(\.rawValue)),
            "import": Schema.named("AdvisoryImport").orNull.ifAny, "error": Schema.text.ifAny,
        ]),
        "AdvisoryEcosystem": .members([
            "name": Schema.text.described("In the OSV schema: PyPI, npm."), "records": .count, "newest": Schema.time.orNull,
        ]),
        "OSVRecord": Schema.object.described("A record in the OSV schema."),
        "OSVRecords": Schema.object.described("The records as `vulns`; an empty object where there is none."),
        "OSVResults": .members([
            "results": Schema.list(of: .object).described(
                "In the order of the queries: ids and times as `vulns`, or an empty object.")
        ]),
    ]

    private static let advisory: KeyValuePairs<String, Schema> = [
        "id": .text, "aliases": Schema.list(of: .text).described("Other names of the same."), "summary": .text,
        "severity": Schema.choice(AdvisorySeverity.allCases.map(\.name)).orNull.described("By CVSS, or as a record says."),
        "malware": Schema.flag.described("The package itself does harm."),
        "fixed_versions": Schema.list(of: .text).described("Versions that are named as fixed, as records write them."),
        "published": Schema.time.orNull, "modified": Schema.time.orNull,
        "withdrawn": Schema.time.orNull.described("It affects nothing any more."),
    ]
}
