import SavePlatform
import Testing

@testable import FormatNpm

@Suite struct VulnerableVersionsTests {
    private func text(_ events: [JSONValue], versions: [JSONValue] = []) -> String {
        let range: JSONValue = ["type": "SEMVER", "events": .array(events)]
        return VulnerableVersions([["ranges": [range], "versions": .array(versions)]]).text
    }

    @Test func `events become stretches, and listed versions stand besides`() {
        #expect(
            text([["fixed": "1.2.0"], ["introduced": "0"], ["introduced": "2.0.0"], ["last_affected": "2.1.0"]])
                == "<1.2.0 || >=2.0.0 <=2.1.0")
        #expect(text([["introduced": "0"], ["fixed": "1.0.0"]], versions: ["0.5.0", "3.0.0", "3.0.0"]) == "<1.0.0 || 3.0.0")
        #expect(text([["introduced": "0"]]) == "*" && text([]) == "<0.0.0-0")
    }

    @Test func `an end whose version is none ends nothing, and is not in the range`() {
        for end in ["fixed", "last_affected", "limit"] {
            for version in ["unknown", "", "1.0.0 || 2.0.0", "01.0.0"] {
                #expect(
                    text([["introduced": "1.0.0"], .object(JSONObject(end, .string(version)))]) == ">=1.0.0", "\(end) \(version)")
            }
        }
        #expect(text([["introduced": "0"], ["fixed": "unknown"], ["fixed": "2.0.0"]]) == "<2.0.0")
        #expect(text([["introduced": "unknown"], ["fixed": "2.0.0"]]) == "<2.0.0")
    }

    @Test func `numbers that are left out are zero, and not a part of a version`() {
        #expect(text([["introduced": "1"], ["last_affected": "1.2"]]) == ">=1.0.0 <=1.2.0")
    }

    @Test func `what several records say alike is said once`() {
        let entry: JSONValue = ["ranges": [["type": "SEMVER", "events": [["introduced": "0"], ["fixed": "1.0.0"]]]]]
        #expect(VulnerableVersions([entry, entry]).text == "<1.0.0")
    }
}
