internal import SaveAdvisories
internal import SavePlatform
internal import SaveStorage

/// Policies, and what they say of packages.
enum PolicySchemas {
    static let all: KeyValuePairs<String, Schema> = [
        "Policy": .members([
            "id": .count, "name": .text, "description": .text,
            "scope": Schema.text.described("server, project:NAME or repository:PROJECT/NAME."), "priority": .count,
            "action": .choice(PolicyRecord.Action.allCases.map(\.rawValue)), "dry_run": .flag, "enabled": .flag,
            "presentation": .choice(PolicyRecord.Presentation.allCases.map(\.rawValue)), "include_hosted": .flag,
            "match": .named("PolicyMembers"), "created_at": .time, "updated_at": .time,
        ]),
        "PolicyMembers": .members([
            "packages": Schema.list(of: .text).ifAny, "younger_than": Schema.matching(TextForm.lengthOfTime.pattern).ifAny,
            "missing_time": Schema.choice(PolicyMatch.MissingTime.allCases.map(\.rawValue)).ifAny, "versions": Schema.text.ifAny,
            "malware": Schema.flag.ifAny, "min_severity": Schema.choice(AdvisorySeverity.allCases.map(\.name)).ifAny,
            "advisories": Schema.list(of: .text).ifAny, "exempt_fixes": Schema.flag.ifAny,
            "licenses": Schema.list(of: .text).ifAny,
            "upstream_anomaly": Schema.trueOrList(of: .choice(UpstreamAnomalyKind.allCases.map(\.rawValue))).ifAny,
        ]),
        "PolicyPreview": .members([
            "items": .list(of: .named("PolicyPreviewItem")),
            "downloads": Schema.count.described("Records of downloads that were looked at, the latest first."),
            "whole": Schema.flag.described("Whether those are all; at most 10,000 are looked at."),
        ]),
        "PolicyPreviewItem": .members([
            "time": .time, "actor": Schema.text.described("As the audit trail names callers."), "repository": .text,
            "path": .text,
            "package": Schema.text.orNull, "version": Schema.text.orNull,
            "count": Schema.count.described("Equal downloads in one record."),
            "verdict": .choice(["warn", "deny"]), "reason": .text,
        ]),
        "Waiver": .members([
            "id": .count, "package": Schema.text.described("A package URL with a version, a range or * in the version's place."),
            "versions": Schema.text.described("That version or range, as it is read."), "policy": .text, "policy_id": .count,
            "project": .name, "advisories": .list(of: .text), "reason": .text, "until": .time,
            "state": .choice(WaiverRecord.State.allCases.map(\.rawValue)),
            "active": Schema.flag.described("Whether it has an effect: it is granted, and has not ended."), "requested_by": .text,
            "granted_by": Schema.text.orNull, "created_at": .time, "updated_at": .time,
        ]),
        "WaiverExport": Schema([
            "anyOf": [.object(Schema.named("WaiverList").json), .object(Schema.named("OpenVEXDocument").json)]
        ]),
        "OpenVEXDocument": .members([
            "@context": .text, "@id": .text, "author": .text, "timestamp": .time, "version": .count, "tooling": .text,
            "statements": Schema.list(of: .object).described("Statements of OpenVEX, version 0.2.0."),
        ]),
        "WaiverImport": .members([
            "granted": .count, "requested": .count,
            "unchanged": Schema.count.described("Statements of which there was a waiver already."),
            "skipped": Schema.count.described("Statements of another status, from which no waiver follows."),
        ]),
        "Refusal": .members([
            "id": .count, "repository": .text, "package": Schema.text.orNull, "version": Schema.text.orNull,
            "file": Schema.text.orNull.described("The path of a file that is of no version."),
            "policy": .named("RefusalPolicy"), "first_refused_at": .time, "now": .named("RefusalVerdict"),
            "waivers": .list(of: .named("Waiver")), "waiver_request": Schema.named("WaiverRequest").orNull,
        ]),
        "RefusalPolicy": .members(["id": .count, "name": .text, "description": .text]),
        "RefusalVerdict": .members([
            "verdict": .choice(PolicyRecord.Action.allCases.map(\.rawValue)), "policy": Schema.text.orNull,
            "reason": Schema.text.orNull, "allowed_after": Schema.time.orNull, "advisories": .list(of: .text),
            "waiver": Schema.count.orNull,
        ]),
        "WaiverRequest": .members([
            "package": .text, "policy": .text, "policy_id": .count, "project": .name,
        ]),
        "PolicyAnswers": .members(["items": .list(of: .named("PolicyAnswer"))]),
        "PolicyAnswer": .members([
            "package": Schema.text.described("As it was asked about."),
            "verdict": Schema.choice(PolicyRecord.Action.allCases.map(\.rawValue)).described(
                "deny where no file of the version is given out, warn where some are not, or a policy warns."),
            "policy": Schema.text.orNull.described("The name of the policy that decides; null where none does, or another rule."),
            "reason": Schema.text.orNull, "allowed_after": Schema.time.orNull, "advisories": .list(of: .text),
            "waiver": Schema.count.orNull.described("The number of the waiver by which a policy lets it pass."),
        ]),
    ]
}
