import SavePlatform
import Testing

struct JSONParserTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test(arguments: ["[", "{\"a\":"]) func `nesting is refused beyond 64 levels, however deep it goes`(unit: String) {
        for depth in [66, 1_000, 100_000] {
            #expect(throws: JSONError.self) { try parse(String(repeating: unit, count: depth)) }
        }
        #expect(throws: Never.self) {
            try parse(String(repeating: "[", count: 60) + String(repeating: "]", count: 60))
        }
    }

    @Test(arguments: [
        #"{"role":"user","role":"admin"}"#, #"{"role":1,"ro\u006ce":2}"#, #"[{"a":{"b":1,"b":1}}]"#,
    ]) func `the same key twice is refused, however it is spelled`(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func `keys that only Unicode calls equal are two keys`() throws {
        let object = try #require(try parse("{\"\u{E9}\":1,\"e\u{301}\":2}").object)
        #expect(object["\u{E9}"] == 1)
        #expect(object["e\u{301}"] == 2)
    }

    @Test(arguments: [
        "1e400", "-1e400", "9223372036854775808", "18446744073709551616", "-9223372036854775809", "NaN", "Infinity", "+1", "01",
        "-", "1.", ".5", "1e", "0x10", "1_0", "--1",
    ]) func `numbers that are none, or that nothing holds, are refused`(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
        #expect(throws: JSONError.self) { try parse("{\"limit\":\(text)}") }
    }

    @Test func `only numbers written as whole numbers are whole numbers`() throws {
        #expect(try parse("9223372036854775807").integer == .max)
        #expect(try parse("-9223372036854775808").integer == .min)
        for text in ["1.5", "1.0", "1e2", "-0"] { #expect(try parse(text).integer == nil, "\(text)") }
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "[1 2]", "tru", "nullx", "1 2", "{} {}", "'a'", "// x\n1",
        "\"\u{1}\"", "\"a\nb\"", "\"\\x41\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"a", "\u{FEFF}1",
    ]) func `text that is not JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test(arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF0, 0x9F, 0x22]])
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    }

    @Test func `what is written is read back the same`() throws {
        let value: JSONValue = [
            "text": "a\"\\\n\u{0}\u{7F}\u{1F600}é", "numbers": [0, -1, .integer(.max), .number(1.5)], "none": nil,
            "yes": true, "empty": [:],
        ]
        #expect(try JSONValue(parsing: value.bytes) == value)
        #expect(try parse(#""\ud83d\ude00\u0000""#) == "\u{1F600}\u{0}")
    }
}
