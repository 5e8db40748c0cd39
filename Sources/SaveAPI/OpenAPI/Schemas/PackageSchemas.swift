internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// What is in repositories.
enum PackageSchemas {
    static let all: KeyValuePairs<String, Schema> = [
        "PackageSummary": .members(["name": .text, "display_name": .text, "created_at": .time, "updated_at": .time]),
        "Package": .members([
            "name": .text, "display_name": .text, "created_at": .time, "updated_at": .time, "attributes": .object,
            "versions": .list(of: .named("VersionSummary")),
        ]),
        "VersionSummary": .members([
            "version": .text, "files": .count, "size": .count, "created_at": .time, "updated_at": .time, "yanked": .flag,
            "yanked_reason": Schema.text.orNull,
        ]),
        "PackageVersion": .members([
            "name": .text, "display_name": .text, "version": .text, "size": .count, "created_at": .time, "updated_at": .time,
            "yanked": .flag, "yanked_reason": Schema.text.orNull, "files": .list(of: .named("File")),
        ]),
        "File": .members([
            "filename": .text, "path": .text, "size": .count, "digests": .digests, "content_type": Schema.text.orNull,
            "published_at": Schema.time.orNull, "created_at": .time, "uploaded_by": Schema.text.orNull, "yanked": .flag,
            "yanked_reason": Schema.text.orNull, "attributes": .object,
        ]),
        "RetiredName": .members([
            "filename": .text, "path": .text, "sha256": .sha256, "retired_by": .text, "retired_at": .time,
        ]),
        "Explanation": .members([
            "package": .text, "repository": .text, "repository_type": .repositoryKind, "policy": Schema.text.orNull,
            "answered_by": .list(of: .text), "rule": Schema.text.orNull, "reason": Schema.text.orNull,
            "members": .list(of: .named("ExplainedMember")), "files": .list(of: .named("ExplainedFile")),
        ]),
        "ExplainedMember": .members([
            "repository": .text, "repository_type": .repositoryKind,
            "state": .choice(["answers", "passed_over", "has_none", "not_asked", "fails"]), "rule": Schema.text.orNull,
            "reason": Schema.text.orNull, "upstream": Schema.named("ExplainedUpstream").orNull,
        ]),
        "ExplainedUpstream": .members([
            "url": Schema.text.orNull, "status": Schema.count.orNull, "asked_at": Schema.time.orNull,
            "fetched_at": Schema.time.orNull, "verified_at": Schema.time.orNull, "etag": Schema.text.orNull, "stale": .flag,
            "available": Schema.flag.orNull, "failure": Schema.text.orNull, "anomalies": .list(of: .named("UpstreamAnomaly")),
        ]),
        "UpstreamAnomaly": .members([
            "kind": .choice(UpstreamAnomaly.Kind.allCases.map(\.rawValue)), "count": .count,
            "files": Schema.list(of: .text).described("At most 20 of them; none for a quarantine."), "seen_at": .time,
        ]),
        "ExplainedFile": .members([
            "filename": .text, "path": .text, "version": Schema.text.orNull, "repository": .text,
            "state": .choice(["offered", "shadowed", "blocked", "unlisted"]), "rule": Schema.text.orNull,
            "reason": Schema.text.orNull, "size": Schema.count.orNull, "digests": .digests, "origin": Schema.text.orNull,
            "stored": .flag, "stored_at": Schema.time.orNull, "uploaded_by": Schema.text.orNull,
            "published_at": Schema.time.orNull, "yanked": .flag, "yanked_reason": Schema.text.orNull,
            "waiver": Schema.count.orNull.described("The number of the waiver by which a policy lets it pass."),
        ]),
    ]
}
