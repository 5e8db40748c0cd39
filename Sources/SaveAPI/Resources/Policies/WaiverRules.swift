internal import SavePlatform
internal import SaveStorage

/// What requests may send to ask for a waiver or to change one, as far as a single value tells.
enum WaiverRules {
    static let create = ObjectRule(
        name: "WaiverCreate",
        fields: [
            FieldRule(
                "package", .text(max: 1024), required: true,
                "A package URL with a version, such as pkg:pypi/foo@1.0, or in its place a range as clients of the format write it, or * for all.",
                example: "pkg:pypi/acme-lib@1.0"),
            FieldRule(
                "versions", .text(max: 500),
                "The version or the range, where the package URL has none; written as it is, without escapes.",
                example: ">=1.0,<2"),
            FieldRule("policy", .form(.policyName), "The name of the policy; this or policy_id.", example: "cooldown-7d"),
            FieldRule("policy_id", .integer(1...2_000_000_000), "The number of the policy, where several have the name."),
            FieldRule(
                "project", .form(.resourceName), required: true, "The project in whose repositories it counts.",
                example: "backend"),
            FieldRule(
                "advisories", .list(of: .text(max: 100), sizes: 1...PolicyRules.maxPatterns),
                "Only these advisories are left out of what the policy looks at; without them it is passed over as a whole.",
                example: ["GHSA-vp9c-fpxx-744v"]),
            reason(required: true), until(required: true),
            FieldRule(
                "state", .choice(WaiverRecord.State.allCases.map(\.rawValue)),
                "requested, the default; granted by callers who may grant it.", example: "requested"),
        ])

    static let update = ObjectRule(
        name: "WaiverUpdate",
        fields: [
            FieldRule("state", .choice(["granted"]), "granted grants it; there is no way back but to delete it."),
            reason(required: false), until(required: false),
        ])

    private static func reason(required: Bool) -> FieldRule {
        FieldRule(
            "reason", .text(max: 2000), required: required, "Why the versions are needed all the same.",
            example: "The fix for our outage")
    }

    static func until(required: Bool) -> FieldRule {
        FieldRule(
            "until", .time, required: required, "When it ends: in the future, and at most 10 years ahead.",
            example: "2026-12-31T00:00:00Z")
    }
}
