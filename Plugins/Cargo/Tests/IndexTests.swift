import SaveDigest
import SavePlatform
import Testing

@testable import FormatCargo

@Suite struct IndexTests {
    private let format = try? CargoFormat(settings: [:])
    private let digest = String(repeating: "ab", count: 32)
    private let package = PackageID(normalized: "my-crate")

    private func listing(_ text: String) throws -> Listing {
        try #require(format).listing(
            from: UpstreamDocument(url: "https://x.example.com/my/_c/my_crate", contentType: nil, bytes: Array(text.utf8)),
            for: .package(package))
    }

    private func line(_ change: JSONObject = [:]) -> JSONObject {
        var line: JSONObject = [
            "name": "my_crate", "vers": "1.0.0", "deps": [], "cksum": .string(digest), "features": [:], "yanked": false,
        ]
        for member in change.members { line[member.key] = member.value }
        return line
    }

    @Test func `a line of an upstream is passed on with all that it says`() throws {
        let said = line([
            "yanked": true, "links": nil, "v": 2, "features2": ["a": ["dep:b"]], "rust_version": "1.70", "later": ["x": 1],
            "pubtime": "2026-01-02T03:04:05Z",
        ])
        let file = try #require(try listing(JSONValue.object(said).text).assets.first)
        #expect(file.published == Timestamp(rfc3339: "2026-01-02T03:04:05Z") && file.withdrawn != nil && file.version == "1.0.0")
        let shown = try JSONValue(parsing: Array(try #require(IndexLine(file)).text.utf8))
        #expect(shown.sorted == JSONValue.object(said).sorted)
    }

    @Test func `a time is shown in whole seconds`() throws {
        var file = try #require(try listing(JSONValue.object(line()).text).assets.first)
        #expect(IndexLine(file)?.text.contains("pubtime") == false)
        file.published = Timestamp(microseconds: 1_790_000_000_999_999)
        #expect(IndexLine(file)?.text.contains(#""pubtime":"2026-09-21T14:13:20Z""#) == true)
    }

    @Test func `lines that make no sense are left out`() throws {
        let bad: [JSONObject] = [
            line(["name": "other"]), line(["name": 1]), line(["vers": "1"]), line(["vers": nil]), line(["cksum": "ab"]),
            line(["cksum": nil]), line(["name": "my crate"]),
            line(["vers": .string("1.0.0-" + String(repeating: "a", count: 200))]),
        ]
        let text =
            bad.map { JSONValue.object($0).text }.joined(separator: "\n") + "\n\n{\n[]\nnull\n\u{0}\n"
            + JSONValue.object(line(["name": "My-Crate"])).text + "\n" + JSONValue.object(line(["vers": "2.0.0"])).text + "\r\n"
        #expect(try listing(text).assets.map(\.version) == ["1.0.0", "2.0.0"])
        #expect(throws: SaveError.self) {
            _ = try #require(format).listing(
                from: UpstreamDocument(url: "https://x.example.com/", contentType: nil, bytes: [0xFF]), for: .package(package))
        }
    }

    // MARK: config.json

    private func place(_ files: String, url: String = "https://index.example.com/a/config.json") throws -> String? {
        let format = try #require(format)
        let document: JSONValue = ["dl": .string(files)]
        let configuration = try format.configuration(from: UpstreamDocument(url: url, contentType: nil, bytes: document.bytes))
        var said = line()
        said["name"] = "My_Crate"
        let file = try #require(try listing(JSONValue.object(said).text).assets.first)
        return try format.location(of: file, base: "https://index.example.com/a/", configuration: configuration)
    }

    @Test func `a crate is where the upstream's configuration says`() throws {
        #expect(try place("https://f.example.com/c") == "https://f.example.com/c/My_Crate/1.0.0/download")
        #expect(try place("https://f.example.com/{crate}-{version}.crate") == "https://f.example.com/My_Crate-1.0.0.crate")
        #expect(try place("https://f.example.com/{prefix}/{lowerprefix}/{crate}") == "https://f.example.com/My/_C/my/_c/My_Crate")
        #expect(try place("https://f.example.com/{sha256-checksum}") == "https://f.example.com/" + digest)
    }

    @Test func `the registry says where its crates are, and that it takes a token where it is private`() throws {
        let place = "https://save.example.com/cargo/p/r"
        #expect(
            RegistryConfiguration.document(of: place + "/", isPrivate: false)
                == ["dl": .string(place + "/api/v1/crates"), "api": .string(place)])
        let hidden = RegistryConfiguration.document(of: place + "/", isPrivate: true).object
        #expect(hidden?["auth-required"] == true)
    }

    @Test func `an upstream is asked for a search where its configuration says`() throws {
        let format = try #require(format)
        let document: JSONValue = ["dl": "https://f.example.com/", "api": "https://api.example.com/"]
        let configuration = try format.configuration(
            from: UpstreamDocument(url: "https://i.example.com/config.json", contentType: nil, bytes: document.bytes))
        let query = try SearchQuery(text: "a b", from: 10, size: 10)
        #expect(
            try format.upstreamRequest(for: .index(.search(query)), base: "https://i.example.com/", configuration: configuration)
                .url
                == "https://api.example.com/api/v1/crates?q=a%20b&per_page=20")
        let error = #expect(throws: SaveError.self) {
            try format.upstreamRequest(for: .index(.search(query)), base: "https://i.example.com/", configuration: [:])
        }
        #expect(error?.code == .packageNotFound)
    }
}
