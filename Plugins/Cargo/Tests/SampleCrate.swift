import SaveDigest
import SavePlatform
import SaveTestKit

@testable import FormatCargo

/// A publish as cargo sends it, with what a test changes.
struct SampleCrate {
    var name = "my_crate"
    var version = "1.2.3"
    /// Members of the description in place of those that cargo sends; null removes none.
    var says: JSONObject = [:]
    /// The file, where it is not the crate.
    var content: [UInt8]?
    /// What stands in the crate's Cargo.toml.
    var manifest: String?
    /// More files of the crate.
    var more: [FixtureTar.Entry] = []
    /// The description, where it is no JSON.
    var description: [UInt8]?

    var file: [UInt8] {
        if let content { return content }
        let text = manifest ?? "[package]\nedition = \"2024\"\nname = \"\(name)\"\nversion = \"\(version)\"\n"
        let top = "\(name)-\(version)/"
        return FixtureTar(
            [FixtureTar.Entry(top + "Cargo.toml", text), FixtureTar.Entry(top + "src/lib.rs", "pub fn f() {}\n")] + more
        ).bytes
    }

    var json: JSONObject {
        var said: JSONObject = [
            "name": .string(name), "vers": .string(version), "deps": [], "features": [:], "authors": [], "description": "A crate",
            "documentation": nil, "homepage": nil, "readme": nil, "readme_file": nil, "keywords": ["tools"], "categories": [],
            "license": "MIT", "license_file": nil, "repository": nil, "badges": [:], "links": nil, "rust_version": nil,
        ]
        for member in says.members { said[member.key] = member.value }
        return said
    }

    var body: [UInt8] { Self.part(description ?? JSONValue.object(json).bytes) + Self.part(file) }

    static func part(_ bytes: [UInt8]) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
    }

    func receive(pieces: Int = .max) async throws -> Submission { try await Self.receive(body, pieces: pieces) }

    static func receive(_ body: [UInt8], pieces: Int = .max) async throws -> Submission {
        try await CargoFormat(settings: [:]).receive(
            UploadRequest(
                plan: UploadPlan(), contentType: "application/octet-stream", body: ByteStream(body, chunk: min(pieces, 65_536))),
            into: InMemoryStaging())
    }

    /// The line of the index that a publish becomes.
    func line() async throws -> JSONObject? {
        let record = try await receive().items.first?.record
        return try record.flatMap(IndexLine.init).flatMap { try JSONValue(parsing: Array($0.text.utf8)).object }
    }
}
