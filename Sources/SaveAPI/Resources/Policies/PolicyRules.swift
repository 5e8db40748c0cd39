internal import SaveAccess
internal import SaveAdvisories
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// What requests may send to make or change a policy, as far as a single value tells.
enum PolicyRules {
    /// Names and patterns in one policy.
    static let maxPatterns = 1000
    static let upstreamAnomaly = ValueRule.trueOrList(
        of: .choice(UpstreamAnomalyKind.allCases.map(\.rawValue)), sizes: 1...UpstreamAnomalyKind.allCases.count)
    /// From here on owners may loosen: what they allow must not get past what an administrator denies with a lower number.
    static let ownersPriority: Int64 = 1000

    static let create = ObjectRule(name: "PolicyCreate", fields: [name, scope] + changeable(isNew: true))
    static let update = ObjectRule(name: "PolicyUpdate", fields: [updatedName] + changeable(isNew: false))

    static let match = ObjectRule(
        name: "PolicyMatch",
        fields: [
            FieldRule(
                "packages", .list(of: .text(max: 300), sizes: 1...maxPatterns),
                "Names of packages in any spelling, and beginnings of names with * behind them; pkg:npm/ before one means that format alone.",
                example: ["acme-*"]),
            FieldRule(
                "younger_than", .form(.lengthOfTime),
                "Files that were published a shorter time ago: a number with s, m, h, d or w behind it.", example: "7d"),
            FieldRule(
                "missing_time", .choice(PolicyMatch.MissingTime.allCases.map(\.rawValue)),
                "The age of files whose upstream names no time: from when this server first knew of them, too young for ever, or old enough. first_seen by default."
            ),
            FieldRule(
                "versions", .text(max: 500), "A range of versions, as clients of the format write ranges.", example: ">=1.0,<2"),
            FieldRule("malware", .boolean, "Versions that an advisory calls harmful; true, or left out."),
            FieldRule(
                "min_severity", .choice(AdvisorySeverity.allCases.map(\.name)),
                "Versions that an advisory of this severity or a worse one affects."),
            FieldRule(
                "advisories", .list(of: .text(max: 100), sizes: 1...maxPatterns),
                "Versions that one of these advisories affects, each by its id or another of its names.",
                example: ["GHSA-vp9c-fpxx-744v"]),
            FieldRule(
                "licenses", .list(of: .form(.licensePattern), sizes: 1...maxPatterns),
                "Versions that cannot be used without one of these licences, by their names of SPDX; with allow, those that can be used under them alone. unknown for what says none.",
                example: ["AGPL-*", "unknown"]),
            FieldRule(
                "upstream_anomaly", upstreamAnomaly,
                "Files, or packages, with which the upstream did something odd: true for anything, or a list of what.",
                example: ["changed_file", "lookalike_name"]),
            FieldRule("exempt_fixes", .boolean, "Not versions that an advisory names as those that mend it."),
            includeHosted,
        ])

    private static let name = FieldRule(
        "name", .form(.policyName), required: true, "Its name, which clients are told.", example: "cooldown-7d")
    private static let updatedName = FieldRule("name", .form(.policyName), "Its name, which clients are told.")
    private static let scope = FieldRule(
        "scope", .form(.policyScope),
        "server, project:NAME or repository:PROJECT/NAME; it stays as it is. server by default, which takes an administrator.",
        example: "server")
    private static let includeHosted = FieldRule(
        "include_hosted", .boolean, "Whether it counts for hosted files as well. It may stand in the policy or in match.")

    private static func changeable(isNew: Bool) -> [FieldRule] {
        [
            FieldRule(
                "description", .text(max: 4096),
                "What it is for. Clients are told its first line where the reason has no day from which on a file is given out.",
                example: "New releases wait a week"),
            FieldRule(
                "priority", .integer(0...1_000_000),
                "Of the policies that match a file the one with the lowest number decides. 100 by default, 1000 in a project or repository.",
                example: 100),
            FieldRule(
                "action", .choice(PolicyRecord.Action.allCases.map(\.rawValue)), required: isNew,
                "allow ends the search, warn does as well and is noted, deny refuses the file.", example: "deny"),
            FieldRule("dry_run", .boolean, "Whether it is only noted what it would do."),
            FieldRule("enabled", .boolean, "Whether it counts; true by default."),
            FieldRule(
                "presentation", .choice(PolicyRecord.Presentation.allCases.map(\.rawValue)),
                "Whether pages list a refused file as yanked, with the reason, or not at all. yanked by default."),
            includeHosted,
            FieldRule(
                "match", .record(match), required: isNew,
                "What it is about: all members must hold, and without any it is about every file. A change replaces it as a whole.",
                example: ["younger_than": "7d"]),
        ]
    }
}

extension TextForm {
    static let policyName = TextForm(
        pattern: "^[A-Za-z0-9]([A-Za-z0-9 ._:/+-]{0,62}[A-Za-z0-9.+])?$", max: 64,
        summary: "1 to 64 letters, digits, spaces or . _ : / + -, beginning with a letter or digit",
        matches: { text in
            guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= 64 else { return false }
            let isEnd = { (byte: UInt8) in ASCII.isAlphanumeric(byte) || byte == 0x2E || byte == 0x2B }
            return ASCII.isAlphanumeric(first) && isEnd(last)
                && text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || " ._:/+-".utf8.contains($0) }
        })

    static let policyScope = TextForm(
        pattern:
            "^(server|project:[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?|repository:[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?/[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?)$",
        max: 140, summary: "server, project:NAME or repository:PROJECT/NAME", matches: { PolicyScopeName($0) != nil })

    static let licensePattern = TextForm(
        pattern: "^[A-Za-z0-9][A-Za-z0-9.:+-]*([*]| +[Ww][Ii][Tt][Hh] +[A-Za-z0-9][A-Za-z0-9.:-]*)?$", max: 200,
        summary: "a licence as SPDX names it, the beginning of such names with * behind it, or unknown",
        matches: { LicensePattern($0) != nil })

    static let lengthOfTime = TextForm(
        pattern: "^[1-9][0-9]{0,8}[smhdw]$", max: 10,
        summary: "a length of time of 1 second to 3650 days, such as 36h or 7d",
        matches: { $0.utf8.count <= 10 && PolicyMatch.seconds(of: $0) != nil })

    /// The number of a record.
    static let recordID = TextForm(
        pattern: "^[1-9][0-9]{0,18}$", max: 19, summary: "a whole number greater than 0",
        matches: { $0.utf8.first != UInt8(ascii: "0") && $0.utf8.allSatisfy(ASCII.isDigit) && Int64($0) != nil })
}

/// A policy's scope as requests name it.
enum PolicyScopeName: Equatable {
    case server
    case project(String)
    case repository(project: String, name: String)

    init?(_ text: String) {
        if text.utf8.elementsEqual("server".utf8) {
            self = .server
            return
        }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = String(text[text.utf8.index(after: colon)...])
        switch String(text[..<colon]) {
        case "project" where ResourceName.isValid(name): self = .project(name)
        case "repository" where TextForm.coordinates.matches(name):
            let parts = name.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
            self = .repository(project: parts[0], name: parts[1])
        default: return nil
        }
    }
}
