import SavePlatform
import SaveTestKit
import Testing

@testable import FormatCargo

@Suite struct PublishTests {
    private func refusal(_ crate: SampleCrate) async -> SaveError? {
        let error = await #expect(throws: SaveError.self) { try await crate.receive() }
        #expect(error?.code == .invalidRequest && error?.message.utf8.contains(10) == false)
        return error
    }

    @Test func `a publish becomes a line of the index`() async throws {
        var crate = SampleCrate()
        crate.says = [
            "deps": [
                [
                    "name": "rand", "version_req": "^0.6", "features": ["i128_support"], "optional": false,
                    "default_features": true,
                    "target": "cfg(windows)", "kind": "dev", "registry": nil, "explicit_name_in_toml": "random",
                ],
                ["name": "log", "version_req": ">=0.4, <0.5", "registry": "sparse+https://other.example.com/index/"],
            ],
            "features": ["default": ["log/std"], "extras": ["dep:random", "log?/serde"]], "links": "z", "rust_version": "1.70",
        ]
        let line = try #require(try await crate.line())
        #expect(line["name"] == "my_crate" && line["vers"] == "1.2.3" && line["yanked"] == false)
        #expect(line["features"] == ["default": ["log/std"]] && line["features2"] == ["extras": ["dep:random", "log?/serde"]])
        #expect(line["v"] == 2 && line["links"] == "z" && line["rust_version"] == "1.70")
        let dependencies = try #require(line["deps"]?.array)
        // Renamed: the index has the new name first, and the crate's own in `package`.
        let random: JSONValue = [
            "name": "random", "req": "^0.6", "features": ["i128_support"], "optional": false, "default_features": true,
            "target": "cfg(windows)", "kind": "dev", "package": "rand",
        ]
        #expect(dependencies.first == random)
        let log = dependencies.last?.object
        #expect(log?["registry"] == "sparse+https://other.example.com/index/" && log?["kind"] == "normal")
    }

    @Test func `however a body is cut it is the same publish, and every beginning of it is refused`() async throws {
        let body = SampleCrate().body
        let whole = try await SampleCrate.receive(body).items.map(\.record)
        for pieces in [1, 2, 3, 5, 97] {
            #expect(try await SampleCrate.receive(body, pieces: pieces).items.map(\.record) == whole)
        }
        for end in 0..<body.count {
            let error = await #expect(throws: SaveError.self, "\(end)") { try await SampleCrate.receive(Array(body[..<end])) }
            #expect(error?.code == .invalidRequest, "\(end)")
        }
        let error = await #expect(throws: SaveError.self) { try await SampleCrate.receive(body + [0]) }
        #expect(error?.details["field"] == "body")
    }

    @Test(arguments: [
        "", "null", "[]", "{", "{}", "\"x\"", #"{"name":"a","name":"b","vers":"1.0.0"}"#, String(repeating: "[", count: 10_000),
        #"{"name":1,"vers":"1.0.0"}"#, #"{"name":"my_crate","vers":1}"#, "{\"name\":\"my_crate\",\"vers\":\"1.2.3\",\"deps\":{}}",
    ])
    func `a description that makes no sense is refused`(_ text: String) async {
        var crate = SampleCrate()
        crate.description = Array(text.utf8)
        _ = await refusal(crate)
    }

    @Test func `a length that is larger than what comes takes no memory`() async {
        for body in [[0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x00, 0x7B]] as [[UInt8]] {
            let error = await #expect(throws: SaveError.self) { try await SampleCrate.receive(body) }
            #expect([.tooLarge, .invalidRequest].contains(error?.code))
        }
    }

    @Test(arguments: [
        ("name", "1abc"), ("name", "a.b"), ("name", ""), ("name", "nul"), ("name", "COM1"), ("name", "std"),
        ("name", "proc_macro"),
        ("vers", "1.2"), ("vers", "v1.2.3"), ("vers", "01.2.3"), ("vers", "1.2.3-01"), ("vers", "18446744073709551616.0.0"),
        ("links", "a\nb"), ("rust_version", ">=1.70"), ("rust_version", "x"),
    ])
    func `a member that is not as it must be is named`(_ member: String, _ value: String) async {
        var crate = SampleCrate()
        crate.says = JSONObject(member, .string(value))
        #expect(await refusal(crate)?.details["field"] == member)
    }

    @Test(arguments: [
        #"[1]"#, #"[{}]"#, #"[{"name":"a"}]"#, #"[{"name":"a b","version_req":"1"}]"#, #"[{"name":"a","version_req":"y"}]"#,
        #"[{"name":"a","version_req":"1","kind":"other"}]"#, #"[{"name":"a","version_req":"1","kind":1}]"#,
        #"[{"name":"a","version_req":"1","registry":"somewhere"}]"#, #"[{"name":"a","version_req":"1","registry":1}]"#,
        #"[{"name":"a","version_req":"1","explicit_name_in_toml":"a b"}]"#, #"[{"name":"a","version_req":"1","features":[1]}]"#,
        #"[{"name":"a","version_req":"1","target":[]}]"#, #"[{"name":"a","version_req":"1","registry":"https://x/\n"}]"#,
    ])
    func `a dependency that no client could follow is refused`(_ text: String) async throws {
        var crate = SampleCrate()
        crate.says = JSONObject("deps", try JSONValue(parsing: Array(text.utf8)))
        #expect(await refusal(crate)?.details["field"] == "deps")
    }

    @Test(arguments: [
        #"[]"#, #"{"a":1}"#, #"{"a":[1]}"#, #"{"":[]}"#, #"{"a/b":[]}"#, #"{"dep:a":[]}"#, #"{"a":[""]}"#, #"{"a b":[]}"#,
    ])
    func `features that make no sense are refused`(_ text: String) async throws {
        var crate = SampleCrate()
        crate.says = JSONObject("features", try JSONValue(parsing: Array(text.utf8)))
        #expect(await refusal(crate)?.details["field"] == "features")
    }

    @Test func `a publisher is told of a description that is missing`() async throws {
        var crate = SampleCrate()
        #expect(try await crate.receive().warnings == [])
        crate.says = ["description": nil]
        let submission = try await crate.receive()
        let answer = try #require(submission.answer)
        let warnings = try JSONValue(parsing: answer.bytes).object?["warnings"]?.object
        #expect(warnings?["other"]?.array?.count == 1 && warnings?["invalid_badges"] == [])
    }

    // MARK: The crate

    private func tar(_ entries: (String, String)...) -> [UInt8] {
        FixtureTar(entries.map { FixtureTar.Entry($0.0, $0.1) }).bytes
    }

    @Test func `a file that is no crate, or another one, is refused`() async throws {
        let manifest = "[package]\nname = \"my_crate\"\nversion = \"1.2.3\"\n"
        let good = "my_crate-1.2.3/Cargo.toml"
        for content in [
            Array("the crate".utf8), Array(manifest.utf8), FixtureZip([.init(good, manifest)]).bytes,
            FixtureTar([.init(good, manifest)]).tar, tar(("my_crate-1.2.3/src/lib.rs", "")), tar(("Cargo.toml", manifest)),
            tar(("my-crate-1.2.3/Cargo.toml", manifest)), tar(("my_crate-1.2.4/Cargo.toml", manifest)),
            tar((good, manifest), ("other/file", "")), tar((good, manifest), ("my_crate-1.2.3x/file", "")),
            tar((good, manifest), (good, manifest)), tar((good, manifest), ("my_crate-1.2.3/../../etc/passwd", "")),
            tar((good, manifest), ("/etc/passwd", "")), tar((good, "[package")), tar((good, "name = \"my_crate\"")),
            tar((good, "[package]\nname = \"my-crate\"\nversion = \"1.2.3\"")),
            tar((good, "[package]\nname = \"my_crate\"\nversion = \"1.2.4\"")), tar((good, "[package]\nname = \"my_crate\"")),
            Array(SampleCrate().file.dropLast(40)),
        ] {
            var crate = SampleCrate()
            crate.content = content
            #expect(await refusal(crate)?.details["field"] == "crate")
        }
        var linked = FixtureTar.Entry("my_crate-1.2.3/link", [], kind: UInt8(ascii: "2"))
        linked.target = Array("src/lib.rs".utf8)
        #expect(await refusal(SampleCrate(more: [linked]))?.details["field"] == "crate")
    }

    @Test func `an archive that unpacks to too much, or has a device, is refused before it is unpacked`() async throws {
        let top = "my_crate-1.2.3/"
        var bomb = FixtureTar.Entry(top + "zeros", [])
        bomb.claimedSize = 8_000_000_000
        let device = FixtureTar.Entry(top + "null", [], kind: UInt8(ascii: "3"))
        for entry in [bomb, device] {
            #expect(await refusal(SampleCrate(more: [entry]))?.details["field"] == "crate")
        }
        let long = SampleCrate(manifest: "# " + String(repeating: "x", count: 5 << 20))
        #expect(await refusal(long)?.details["field"] == "crate")
    }

    @Test func `a description as deep as a well is refused`() async {
        for opening in ["[", #"{"deps":"#] {
            var crate = SampleCrate()
            crate.description = Array(String(repeating: opening, count: 100_000).utf8)
            #expect(await refusal(crate)?.code == .invalidRequest)
        }
    }

    @Test func `versions that differ in their build alone are one`() async throws {
        let records = try await [SampleCrate(version: "1.0.0+a"), SampleCrate(version: "1.0.0+b")].asyncMap {
            try #require(try await $0.receive().items.first).record
        }
        #expect(records[0].identity == "1.0.0" && records[0].identity == records[1].identity)
        #expect(records[0].path != records[1].path)
    }
}

extension Array {
    fileprivate func asyncMap<Value>(_ change: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await change(element)) }
        return values
    }
}
