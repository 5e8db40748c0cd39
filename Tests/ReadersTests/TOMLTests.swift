import SaveTOML
import Testing

@Suite struct TOMLTests {
    private func read(_ text: String) throws -> TOMLTable { try TOMLTable(parsing: Array(text.utf8)) }

    private func value(_ text: String) throws -> TOMLValue? { try read("v = \(text)")["v"] }

    @Test func `tables, arrays of tables and dotted keys become nested tables`() throws {
        let document = try read(
            """
            title = "lock"  # a comment
            [[package]]
            name = 'a'
            source.registry = "r"
            [[package.wheels]]
            url = "u1"
            [[package.wheels]]
            url = "u2"
            [[package]]
            name = "b"
            [package.source]
            git = "g"
            [x.y.z]
            [x]
            "quoted key" = true
            """)
        let packages = try #require(document["package"]?.array)
        #expect(packages.map { $0.table?["name"]?.string } == ["a", "b"])
        #expect(packages[0].table?["source"]?.table?["registry"] == .string("r"))
        #expect(packages[0].table?["wheels"]?.array?.compactMap { $0.table?["url"]?.string } == ["u1", "u2"])
        #expect(packages[1].table?["source"]?.table?["git"] == .string("g"))
        #expect(document["x"]?.table?["quoted key"] == .bool(true))
        #expect(document["x"]?.table?["y"]?.table?["z"] == .table(TOMLTable()))
    }

    @Test(arguments: [
        ("\"a\\tb\\u00fc\\U0001F600\\\\\"", TOMLValue.string("a\tbü😀\\")), ("'C:\\x'", .string("C:\\x")), ("\"\"", .string("")),
        ("\"\"\"\nline 1\n\"two\" \\\n   end\"\"\"", .string("line 1\n\"two\" end")), ("'''it's'''", .string("it's")),
        ("\"\"\"two quotes\"\"\"\"\"", .string("two quotes\"\"")), ("\"\"\"a\r\nb\"\"\"", .string("a\nb")),
        ("1_000", .integer(1000)), ("-17", .integer(-17)), ("+0", .integer(0)), ("0xDEAD_beef", .integer(0xDEAD_BEEF)),
        ("0o755", .integer(0o755)), ("0b11", .integer(3)), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("6.626e-34", .number(6.626e-34)), ("1_0.5", .number(10.5)),
        ("5e+2", .number(500)),
        ("-inf", .number(-.infinity)), ("true", .bool(true)), ("1979-05-27T07:32:00Z", .time("1979-05-27T07:32:00Z")),
        ("1979-05-27 00:32:00.999-07:00", .time("1979-05-27 00:32:00.999-07:00")), ("2024-02-29", .time("2024-02-29")),
        ("07:32:00", .time("07:32:00")),
        (
            "[1, 'a', [2], # c\n { x = 1 },\n]",
            .array([.integer(1), .string("a"), .array([.integer(2)]), .table(TOMLTable([[120]: .integer(1)]))])
        ),
        ("{ a.b = 1, a.c = 2 }", .table(TOMLTable([[97]: .table(TOMLTable([[98]: .integer(1), [99]: .integer(2)]))]))),
    ])
    func `a value is read as TOML 1.0 says`(text: String, expected: TOMLValue) throws {
        #expect(try value(text) == expected)
    }

    @Test(arguments: [
        "a = 1\na = 2", "[a]\n[a]", "a.b = 1\na = 2", "a = {}\na.b = 1", "a = {}\n[a.b]", "a = []\n[[a]]", "[a]\nb.c = 1\n[a.b]",
        "[[a]]\n[a]", "[a.b]\n[a]\nb.c = 1", "a = {b = 1}\na.c = 1", "[a.b.c]\nx = 1\n[a]\nb.c.y = 2",
    ])
    func `nothing is defined twice`(text: String) { #expect(throws: TOMLError.self) { try read(text) } }

    @Test(arguments: [
        "a", "a =", "= 1", "a = 1 b = 2", "a.b. = 1", "[a", "[[a]", "[]", "a = [1", "a = [1 2]", "a = {b = 1,}", "a = {b = 1\n}",
        "a = \"x", "a = \"\\q\"", "a = \"\\uD800\"", "a = '''x", "a = \"\u{1}\"", "# \u{1}", "a = 'x\ny'", "a = 1\rb = 2",
        "\"\"\"a\"\"\" = 1",
    ])
    func `a document that breaks off or goes astray is refused`(text: String) {
        #expect(throws: TOMLError.self) { try read(text) }
    }

    @Test(arguments: [
        "01", "1__0", "_1", "1_", "0x", "+0x1", "1.", ".5", "1.e3", "9223372036854775808", "1e", "True", "nope", "2023-02-29",
        "2023-13-01", "24:00:00", "1979-05-27T", "1979-05-27 ", "07:32", "1979-05-27T07:32:00+25:00", "--1", "0b2",
    ])
    func `what looks like a value and is none is refused`(text: String) {
        // A date with a space behind it is a date.
        guard text != "1979-05-27 " else { return }
        #expect(throws: TOMLError.self) { try value(text) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: TOMLError.self) { try TOMLTable(parsing: Array("a = \"".utf8) + [0xFF] + Array("\"".utf8)) }
    }

    @Test func `an error names its line`() {
        let error = #expect(throws: TOMLError.self) { try read("a = 1\n# c\na = 2") }
        #expect(error?.line == 3 && error?.reason == "'a' is there twice")
    }

    @Test(arguments: [
        "a = " + String(repeating: "[", count: 100_000), "a = " + String(repeating: "{a=", count: 100_000),
        "[" + String(repeating: "a.", count: 100_000) + "a]",
    ])
    func `nesting has an end`(text: String) { #expect(throws: TOMLError.self) { try read(text) } }

    @Test func `keys that look alike and are not the same are two`() throws {
        let document = try read("\"\u{E9}\" = 1\n\"e\u{301}\" = 2")
        #expect(document.members.count == 2)
    }

    @Test func `any prefix and any changed byte of a document is read or refused`() {
        let document = Array(
            "[[p]]\nname = \"a\\u00e9\"\nv = [1.5, 0x1F, { x = '''y''' }]\n[p.q.\"r s\"]\nd = 1979-05-27 07:32:00Z\n".utf8)
        for end in document.indices { _ = try? TOMLTable(parsing: Array(document[..<end])) }
        for place in document.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = document
                changed[place] = byte
                _ = try? TOMLTable(parsing: changed)
            }
        }
    }
}
