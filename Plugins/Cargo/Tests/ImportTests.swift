import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatCargo

@Suite struct ImportTests {
    /// What cargo writes into a crate of all kinds of dependencies, and what it sends beside it.
    private static let manifest = """
        [package]
        edition = "2021"
        name = "my_crate"
        version = "1.2.3+b"
        description = "A crate"
        keywords = ["tools"]
        license-file = "LICENSE"
        links = "z"
        rust-version = "1.70"

        [dependencies.log]
        version = "0.4"

        [dependencies.renamed]
        version = "^1.0, <1.5"
        features = ["derive"]
        optional = true
        default-features = false
        package = "serde"
        registry-index = "sparse+https://other.example.com/index/"

        [dev-dependencies]
        tiny = "=2.0.1"

        [target.'cfg(windows)'.build-dependencies.cc]
        version = "1"

        [features]
        default = ["log/std"]
        extras = ["dep:renamed", "log?/serde"]
        """

    private func receive(_ crate: SampleCrate, called name: String = "old/place/whatever.crate") async throws -> Submission {
        let format = try CargoFormat(settings: [:])
        let plan = try #require(try format.upload(importing: AssetPath(name)))
        return try await format.receive(
            UploadRequest(plan: plan, contentType: nil, body: ByteStream(crate.file)), into: InMemoryStaging())
    }

    @Test func `a crate by itself becomes what a publish of it would have been`() async throws {
        let published = SampleCrate(
            version: "1.2.3+b",
            says: [
                "deps": [
                    Self.dependency("log", "0.4"),
                    Self.dependency(
                        "serde", "^1.0, <1.5",
                        [
                            "features": ["derive"], "optional": true, "default_features": false,
                            "explicit_name_in_toml": "renamed",
                            "registry": "sparse+https://other.example.com/index/",
                        ]),
                    Self.dependency("tiny", "=2.0.1", ["kind": "dev"]),
                    Self.dependency("cc", "1", ["kind": "build", "target": "cfg(windows)"]),
                ], "features": ["default": ["log/std"], "extras": ["dep:renamed", "log?/serde"]], "links": "z",
                "rust_version": "1.70",
                "license": nil, "license_file": "LICENSE",
            ], manifest: Self.manifest)
        let imported = try await receive(published)
        let wanted = try await published.receive()
        #expect(imported.items.map(\.record) == wanted.items.map(\.record))
        #expect(imported.package == wanted.package && imported.items.count == 1)
    }

    private static func dependency(_ name: String, _ requirement: String, _ more: JSONObject = [:]) -> JSONValue {
        var said: JSONObject = [
            "name": .string(name), "version_req": .string(requirement), "features": [], "optional": false,
            "default_features": true,
            "target": nil, "kind": "normal",
        ]
        for member in more.members { said[member.key] = member.value }
        return .object(said)
    }

    @Test func `what is no crate is left where it lies`() throws {
        let format = try CargoFormat(settings: [:])
        for name in ["my_crate-1.2.3.tar.gz", "Cargo.toml", "index/my/_c/my_crate", "crate"] {
            #expect(try format.upload(importing: AssetPath(name)) == nil, "\(name)")
        }
    }

    @Test(arguments: [
        ("name = \"my_crate\"\nversion = \"1.2.3\"\n", "no [package]"),
        ("[package]\nname = \"std\"\nversion = \"1.2.3\"\n", "no name for a crate"),
        ("[package]\nname = \"my_crate\"\nversion = \"1.2\"\n", "semantic version"),
        ("[package]\nname = \"my_crate\"\nversion.workspace = true\n", "semantic version"),
        ("[package]\nname = \"other\"\nversion = \"1.2.3\"\n", "of another crate"),
        ("[package]\nname = \"my_crate\"\nversion = \"1.2.3\"\n[dependencies]\na = 1\n", "no table"),
        ("[package]\nname = \"my_crate\"\nversion = \"1.2.3\"\n[dependencies]\na = \"nonsense\"\n", "version_req"),
        ("[package]\nname = \"my_crate\"\nversion = \"1.2.3\"\n[target]\na = 1\n", "no table"),
        ("[package]\nname = \"my_crate\"\nversion = \"1.2.3\"\n[features]\n\"a/b\" = []\n", "features"),
        ("nonsense", "not TOML"),
    ]) func `a crate that could not have been published is refused with the reason`(manifest: String, reason: String) async throws
    {
        let error = await #expect(throws: SaveError.self) { try await receive(SampleCrate(manifest: manifest)) }
        #expect(error?.code == .invalidRequest && error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func `a crate of two folders, an empty file and what is no archive are refused`() async throws {
        for entry in [FixtureTar.Entry("other/Cargo.toml", "x"), FixtureTar.Entry("other/file", "x")] {
            await #expect(throws: SaveError.self) { try await receive(SampleCrate(more: [entry])) }
        }
        for content in [[], Array("no archive".utf8)] as [[UInt8]] {
            await #expect(throws: SaveError.self) { try await receive(SampleCrate(content: content)) }
        }
    }

    @Test func `a crate says itself what it was called`() throws {
        func name(_ bytes: [UInt8]) throws -> String? {
            let file = FileBytes(size: Int64(bytes.count)) { Array(bytes[Int($0)..<Int($0) + $1]) }
            let digest = try #require(BlobDigest(hex: Digest.hex(bytes)))
            return try CargoFormat(settings: [:]).name(of: file, digest: digest)?.text
        }
        #expect(try name(SampleCrate(version: "2.0.0-rc.1").file) == "my-crate/my-crate-2.0.0-rc.1.crate")
        #expect(try name(FixtureTar([.init("package/package.json", "{}")]).bytes) == nil)
        // A package of Python that is written in Rust.
        #expect(try name(SampleCrate(more: [.init("my_crate-1.2.3/PKG-INFO", "Name: my_crate\n")]).file) == nil)
        #expect(try name(Array("text".utf8)) == nil)
        #expect(throws: SaveError.self) { try name(SampleCrate(manifest: "[package]\n").file) }
    }

    @Test func `whatever stands in a Cargo.toml, it is taken or refused`() async throws {
        var random = Numbers(state: 4)
        let bytes = Array(Self.manifest.utf8)
        let pieces = [
            "", "\n", "[", "]", "=", "\"", "'", "true", "1", "{}", "[[package]]\n", "\u{0}", "é", ".", "name", "dep:", "^", ",",
        ]
        var taken = 0
        for _ in 0..<400 {
            var copy = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<copy.count, using: &random)
                let end = min(copy.count, place + Int.random(in: 0..<4, using: &random))
                copy.replaceSubrange(place..<end, with: Array((pieces.randomElement(using: &random) ?? "").utf8))
            }
            do {
                let submission = try await receive(
                    SampleCrate(version: "1.2.3+b", manifest: String(decoding: copy, as: UTF8.self)))
                #expect(submission.items.compactMap { IndexLine($0.record) }.count == 1)
                taken += 1
            } catch let error as SaveError {
                #expect(error.code == .invalidRequest, "\(error)")
            }
        }
        #expect(taken > 20 && taken < 380)
    }
}

/// Numbers in no order, the same ones in every run.
struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
