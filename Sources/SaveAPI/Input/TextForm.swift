internal import SavePlatform
internal import SaveStorage

/// Text of a form that a regular expression describes and a function decides: one says to clients what the other checks.
struct TextForm: Sendable {
    /// As ECMA-262 writes it, anchored.
    let pattern: String
    /// The longest text, in bytes.
    let max: Int
    /// What fits, after "must be".
    let summary: String
    let matches: @Sendable (String) -> Bool

    static let resourceName = TextForm(
        pattern: "^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$", max: 64,
        summary: "1 to 64 of a-z, 0-9 and . _ -, beginning and ending with a letter or digit", matches: ResourceName.isValid)

    static let username = TextForm(
        pattern: "^[A-Za-z0-9]([A-Za-z0-9._@-]{0,252}[A-Za-z0-9_@-])?$", max: 254,
        summary: "1 to 254 letters, digits or . _ @ -, beginning with a letter or digit and not ending in a full stop",
        matches: PrincipalName.isValidUsername)

    static let principal = TextForm(
        pattern: "^([A-Za-z0-9]([A-Za-z0-9._@-]{0,252}[A-Za-z0-9_@-])?|sa\\$[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?)$", max: 254,
        summary: "a user name, or sa$ and the name of a robot", matches: { PrincipalName($0) != nil })

    /// A name that the format of a repository gives its meaning, as it can stand in a path: see `RequestPath`.
    static let segment = TextForm(
        pattern: "^(?!\\.{1,2}(;|$))([^/\\\\%\\x00-\\x1F\\x7F]|%(?![0-9A-Fa-f]{2}))+$", max: RequestPath.maxSegmentBytes,
        summary: "1 to 255 bytes without slashes, backslashes and control characters", matches: { !$0.isEmpty })

    /// The name of a package: one or more of these with slashes between them, which are encoded in a path.
    static let packageName = TextForm(
        pattern: "^\(part)(/\(part))*$", max: 1024,
        summary: "1 to 1024 bytes without backslashes and control characters, at most 255 of them between two slashes",
        matches: { name in
            name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0.count <= RequestPath.maxSegmentBytes
            }
        })

    private static let part = "(?!\\.{1,2}([;/]|$))([^/\\\\%\\x00-\\x1F\\x7F]|%(?![0-9A-Fa-f]{2})){1,255}"

    static let keyID = TextForm(
        pattern: "^[0-9A-Za-z]{12}$", max: 12, summary: "12 letters and digits",
        matches: { $0.utf8.count == 12 && $0.utf8.allSatisfy(ASCII.isAlphanumeric) })

    /// `project/name`
    static let coordinates = TextForm(
        pattern: "^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?/[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$", max: 129,
        summary: "the project and the name of a repository with a slash between them",
        matches: { text in
            let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            return parts.count == 2 && parts.allSatisfy { ResourceName.isValid(String(Substring($0))) }
        })

    /// What lists give as `next`: see `Cursor`.
    static let cursor = TextForm(
        pattern: "^([0-9a-f]{2}){13,}$", max: 4096, summary: "a cursor that this list gave as 'next'",
        matches: { $0.utf8.allSatisfy { ASCII.isDigit($0) || (97...102).contains($0) } })

    /// The pattern has what every reader of them takes; escapes are read as well.
    static let packageURL = TextForm(
        pattern: "^pkg:[a-z][a-z0-9.-]*/([A-Za-z0-9._~-]+/)*[A-Za-z0-9._~-]+(@[A-Za-z0-9._~-]+)?$", max: 1024,
        summary: "a package URL such as pkg:pypi/name or pkg:pypi/name@1.0", matches: { (try? PackageURL($0)) != nil })

    static let host = TextForm(
        pattern: "^[A-Za-z0-9._:-]+$", max: 253, summary: "a host name or address",
        matches: { text in
            !text.isEmpty && text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "-._:".utf8.contains($0) }
        })
}

/// The variables of paths, and what stands for them.
enum PathVariables {
    static func rule(of name: String, in pattern: PathPattern) -> FieldRule? {
        if name == "name", pattern.segments.first == .word("robots") { return robot }
        if name == "id", case .word(let first)? = pattern.segments.first, let record = records[first] { return record }
        return all.first { $0.name == name }
    }

    private static let robot = FieldRule(
        "name", .form(.resourceName), required: true, "The name of a robot, without sa$.", example: "ci")

    private static let records = [
        "policies": record("The number of a policy."), "waivers": record("The number of a waiver."),
        "refusals": record("The number at the end of the link in a refusal."),
    ]

    private static func record(_ summary: String) -> FieldRule {
        FieldRule("id", .form(.recordID), required: true, summary, example: "17")
    }

    private static let all = [
        FieldRule("project", .form(.resourceName), required: true, "The name of a project.", example: "backend"),
        FieldRule(
            "name", .form(.resourceName), required: true, "The name of a repository in its project.", example: "pypi-hosted"),
        FieldRule(
            "principal", .form(.principal), required: true, "A user name, or sa$ and the name of a robot.", example: "alice"),
        FieldRule(
            "advisory", .text(max: 512), required: true, "The id of an advisory, or an alias of it.",
            example: "GHSA-vp9c-fpxx-744v"),
        FieldRule("username", .form(.username), required: true, "A user name.", example: "alice"),
        FieldRule("id", .form(.keyID), required: true, "The public part of a key.", example: "4fGh8sKq2LxZ"),
        FieldRule(
            "package", .form(.packageName), required: true,
            "The name of a package, as its format writes it, with each slash in it as %2F: @acme%2Flib, team%2Fapp.",
            example: "acme-lib"),
        FieldRule("version", .form(.segment), required: true, "A version of the package.", example: "1.0"),
        FieldRule("filename", .form(.segment), required: true, "The name of a file.", example: "acme_lib-1.0.tar.gz"),
    ]
}
