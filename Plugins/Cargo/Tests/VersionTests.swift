import SavePlatform
import SaveVersions
import Testing

@testable import FormatCargo

@Suite struct VersionTests {
    @Test func `what is no semantic version has no place in the order`() {
        for text in [
            "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3+", "1.2.3-a..b", "1.*.0", "", " 1.2.3", "1.2.3 ",
        ] {
            #expect(SemanticVersion(crate: text) == nil, "\(text)")
        }
    }

    @Test(arguments: [
        ("1.2.3", ["1.2.3", "1.9.0", "1.3.0-rc.1"], ["1.2.2", "2.0.0", "2.0.0-rc.1", "1.2.3-rc.1"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0", "0.2.2"]), ("^0.0.3", ["0.0.3"], ["0.0.4"]), ("^0.0", ["0.0.9"], ["0.1.0"]),
        ("0", ["0.9.9"], ["1.0.0"]), ("1.2", ["1.2.0", "1.9.0"], ["2.0.0", "1.1.9"]),
        ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0"]), ("~1.2", ["1.2.0", "1.2.9"], ["1.3.0"]), ("~1", ["1.9.0"], ["2.0.0"]),
        ("*", ["0.0.0", "9.9.9-a"], []), ("1.*", ["1.0.0", "1.9.9"], ["2.0.0"]), ("1.2.*", ["1.2.9"], ["1.3.0"]),
        ("0.*", ["0.9.0"], ["1.0.0"]), ("0.0.*", ["0.0.9"], ["0.1.0"]),
        (">=1.2, <1.5", ["1.2.0", "1.4.9"], ["1.5.0", "1.1.0"]), (">1.2", ["1.3.0"], ["1.2.9"]), (">1", ["2.0.0"], ["1.9.9"]),
        ("<=1.2", ["1.2.9", "0.1.0"], ["1.3.0"]), ("<1.2.3", ["1.2.2", "1.2.3-rc.1"], ["1.2.3"]),
        ("=1.2.3", ["1.2.3+b"], ["1.2.4"]),
        ("=1.2", ["1.2.9"], ["1.3.0"]), (" >= 1.0.0-rc.1 ", ["1.0.0-rc.1", "1.0.0"], ["1.0.0-beta"]),
    ])
    func `a range has the versions that cargo takes for it`(_ range: String, _ inside: [String], _ outside: [String]) throws {
        let format = try CargoFormat(settings: [:])
        for version in inside { #expect(try format.range(range, contains: version), "\(range) \(version)") }
        for version in outside { #expect(try !format.range(range, contains: version), "\(range) \(version)") }
    }

    @Test(arguments: [
        "", ",", "1,", "1.2.3.4", "1 2", "==1", "^", ">=*", "*,1", "1.x.3", "1.*.3", "a", "1 || 2", "^18446744073709551615",
        ">=1.2 <2",
        "1.2.3-", "01",
    ])
    func `what is no range is refused`(_ range: String) throws {
        let format = try CargoFormat(settings: [:])
        let error = #expect(throws: SaveError.self) { try format.range(range, contains: "1.0.0") }
        #expect(error?.code == .invalidRequest)
    }
}
