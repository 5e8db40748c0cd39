import SavePlatform
import Testing

@testable import FormatGo

@Suite struct VersionTests {
    /// Semantic Versioning 2.0.0, 11, and the Go Modules Reference, "Pseudo-versions".
    static let ascending: [[String]] = [
        ["v0.0.0-20170915032832-14c0d48ead0c"], ["v0.0.0-20260102030405-abcdefabcdef"], ["v0.0.0", "0.0.0"], ["v0.0.1"],
        ["v1.0.0-alpha"], ["v1.0.0-alpha.1"], ["v1.0.0-alpha.beta"], ["v1.0.0-beta"], ["v1.0.0-beta.2"], ["v1.0.0-beta.11"],
        ["v1.0.0-rc.1"], ["v1.0.0", "1.0.0", "v1", "v1.0"], ["v1.2.3-pre"], ["v1.2.3-pre.0.20260102030405-abcdefabcdef"],
        ["v1.2.3"],
        ["v1.2.4-0.20260102030405-abcdefabcdef"], ["v1.2.4"], ["v1.9.0"], ["v1.10.0"], ["v2.0.0+incompatible", "v2.0.0"],
        ["v10.0.0"], ["v99999999999999999999.0.0"], ["v100000000000000000000.0.0"],
    ]

    @Test(arguments: [
        "", "v", "1.2.3.4", "v01.0.0", "v1.0.0-", "v1.0.0-01", "v1.0.0-a..b", "v1.0.0+", "v1.2-rc1", "v1.0.0 ", "latest",
        "v-1.0.0",
        "V1.0.0", "v1.0.0-é",
    ]) func `what is no version has no place in the order`(text: String) throws {
        #expect(try GoFormat(settings: [:]).sortKey(of: text) == nil)
    }

    @Test(arguments: ["v1", "v1.2", "1.2.3", "v1.2.3+meta", "v1.0.0+incompatible", "v2.0.0+incompatible.1"])
    func `only canonical versions have files`(text: String) {
        #expect(ModuleVersion(text) == nil)
    }

    @Test(arguments: [
        ("v0.0.0-20260102030405-abcdefabcdef", "2026-01-02T03:04:05Z"),
        ("v2.3.4-0.20260102030405-abcdef", "2026-01-02T03:04:05Z"),
        ("v1.2.3-pre.0.20260102030405-abcdef", "2026-01-02T03:04:05Z"),
        ("v2.3.4-0.20260102030405-abcdef+incompatible", "2026-01-02T03:04:05Z"),
    ]) func `a pseudo-version says when its commit was made`(text: String, time: String) {
        #expect(ModuleVersion(text)?.time?.rfc3339 == time)
        #expect(ModuleVersion(text)?.isPseudo == true)
    }

    @Test(arguments: [
        "v1.2.3", "v1.2.3-pre", "v1.2.3-20260102030405-abcdef", "v0.0.0-2026010203040-abcdef", "v1.2.3-1.20260102030405-abcdef",
        "v0.0.0-20260102030405-", "v0.0.0-20260102030405",
    ]) func `other versions are no pseudo-versions`(text: String) {
        #expect(ModuleVersion(text)?.isPseudo != true)
    }

    @Test(arguments: [
        (">=v1.2.0,<v1.3.0", ["v1.2.0", "v1.2.9", "v1.3.0-rc.1"], ["v1.3.0", "v1.2.0-rc.1"]),
        ("<1.2.3", ["v1.2.2", "v0.0.0-20260102030405-abcdef"], ["v1.2.3"]), ("v1.2.3", ["v1.2.3"], ["v1.2.4"]),
        ("v1", ["v1.0.0", "v1.9.0", "v1.0.0-rc.1"], ["v2.0.0+incompatible", "v0.9.0", "v10.0.0"]),
        ("v1.2", ["v1.2.0"], ["v1.20.0"]), (">v1.0.0 , <= v1.1.0", ["v1.1.0"], ["v1.0.0"]),
        ("=v2.0.0", ["v2.0.0+incompatible"], []),
    ]) func `a range has the versions that a query of the go command has`(range: String, has: [String], lacks: [String]) throws {
        let format = try GoFormat(settings: [:])
        for version in has { #expect(try format.range(range, contains: version), "\(range) \(version)") }
        for version in lacks + ["master", ""] { #expect(try !format.range(range, contains: version), "\(range) \(version)") }
    }

    @Test(arguments: ["", ",", ">", "latest", "^1.2.0", "~1.2", ">=v1.0.0,", "v1.2.3 v1.2.4", "[1,2)", ">=v1,<=x"])
    func `what is no range is refused`(range: String) throws {
        let format = try GoFormat(settings: [:])
        let error = #expect(throws: SaveError.self) { try format.range(range, contains: "v1.0.0") }
        #expect(error?.code == .invalidRequest)
    }
}
