import EngineTestKit
import Foundation
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// What clients say of the bytes that they send.
@Suite struct UploadDigestTests {
    private let engine: EngineFixture
    private let file = "/line/p/h/files/x/1"

    init() async throws {
        engine = try await EngineFixture()
        try await engine.add("h", .hosted)
    }

    private static func hex(_ text: String, _ algorithm: DigestAlgorithm) -> String {
        Hex.encode(Digest.of(Array(text.utf8), algorithm))
    }

    private static func base64(_ text: String, _ algorithm: DigestAlgorithm) -> String {
        Data(Digest.of(Array(text.utf8), algorithm)).base64EncodedString()
    }

    private static func fields(_ text: String) -> [(String, String)] {
        [
            ("X-Checksum-Md5", hex(text, .md5)), ("X-Checksum-Sha1", hex(text, .sha1)),
            ("X-Checksum-Sha256", hex(text, .sha256).uppercased()), ("x-checksum-sha512", hex(text, .sha512)),
            ("Content-MD5", base64(text, .md5)),
            ("Content-Digest", "sha-256=:\(base64(text, .sha256)):"),
            ("Content-Digest", "crc32c=:AAAA:, sha-512=:\(base64(text, .sha512)):;x=1"),
            ("Repr-Digest", "sha-512=:\(base64(text, .sha512)):,sha-256=:\(base64(text, .sha256)):"),
            ("Digest", "SHA-256=\(base64(text, .sha256)), unixsum=30637"), ("Digest", "MD5=\(base64(text, .md5))"),
            ("Content-Digest", "sha=:\(base64(text, .sha1)):, md5=:\(base64(text, .md5)):"),
        ]
    }

    private func put(_ text: String, _ fields: (String, String)..., at path: String? = nil) async -> HTTPResponse {
        var headers = HTTPHeaders()
        for field in fields { headers.append(field.0, field.1) }
        return await engine.send(.put, path ?? file, headers: headers, body: ByteStream(Array(text.utf8)))
    }

    @Test(arguments: Self.fields("one").indices)
    func `a file that is what its client says is kept, another one is not`(_ index: Int) async throws {
        let wrong = Self.fields("two")[index]
        let refused = await put("one", wrong)
        #expect(refused.status == 400)
        #expect(try await refused.text().lowercased().hasPrefix(wrong.0.lowercased() + ": "))
        #expect(try await engine.blobCount() == 0)
        #expect(try await engine.get(file).status == 404)
        #expect(await put("one", Self.fields("one")[index]).status == 201)
        #expect(try await engine.get(file) == (200, "one"))
        // Neither is the same file said to be there already.
        #expect(await put("one", wrong).status == 400)
    }

    @Test func `one wrong digest among right ones is enough`() async throws {
        #expect(
            await put("one", ("X-Checksum-Sha256", Self.hex("one", .sha256)), ("X-Checksum-Sha1", Self.hex("two", .sha1))).status
                == 400)
        let mixed = "sha-256=:\(Self.base64("one", .sha256)):, sha-512=:\(Self.base64("two", .sha512)):"
        #expect(await put("one", ("Content-Digest", mixed)).status == 400)
        #expect(try await engine.blobCount() == 0)
    }

    @Test(arguments: [
        ("X-Checksum-Sha256", "abc"), ("X-Checksum-Sha256", ""), ("X-Checksum-Sha1", String(repeating: "g", count: 40)),
        ("X-Checksum-Md5", String(repeating: "a", count: 40)), ("Content-MD5", "AAAA"), ("Content-MD5", "not base64"),
        ("Content-Digest", "sha-256=AAAA"), ("Content-Digest", "sha-256=:AAAA:"), ("Content-Digest", "sha-256"),
        ("Content-Digest", ""), ("Content-Digest", "sha-256=:\(Self.base64("one", .sha256))"), ("Repr-Digest", "unknown=1"),
        ("Digest", "sha-256=AAAA"), ("Digest", "sha-256"), ("Content-Digest", "sha-256=:\(Self.base64("one", .sha256)): x"),
    ])
    func `digests that cannot be read are refused`(_ field: String, _ value: String) async throws {
        let refused = await put("one", (field, value))
        #expect(refused.status == 400)
        #expect(try await refused.text().hasPrefix(field + ": "))
        #expect(try await engine.blobCount() == 0)
    }

    @Test func `algorithms that nobody knows are ignored`() async throws {
        #expect(
            await put("one", ("Content-Digest", "sha-1024=:AAAA:"), ("Digest", "crc32=1"), ("X-Checksum-Sha3", "x")).status
                == 201)
    }

    @Test func `each request of an upload in several is what its client says`() async throws {
        try await engine.add("c", .hosted) { $0.format = "chunks" }
        let base = "/c2/p/c/"
        let begin = { () async throws -> String in
            try #require(await engine.send(.post, base + "uploads/").headers["location"])
        }
        let append = { (url: String, text: String, said: String) in
            await engine.send(
                .patch, url, headers: ["Content-Digest": "sha-256=:\(Self.base64(said, .sha256)):"],
                body: ByteStream(Array(text.utf8))
            ).status
        }
        let end = { (url: String, rest: String, said: String, whole: String) in
            await engine.send(
                .put, url + "?digest=" + Self.hex("onetwo", .sha256),
                headers: ["Content-MD5": Self.base64(said, .md5), "X-Checksum-Sha1": Self.hex(whole, .sha1)],
                body: ByteStream(Array(rest.utf8))
            ).status
        }
        let broken = try await begin()
        #expect(await append(broken, "one", "eno") == 400)
        // Nothing of it was kept, and nothing can follow what is not known.
        #expect(await engine.send(.get, broken).status == 404)
        let url = try await begin()
        #expect(await append(url, "one", "one") == 202)
        #expect(await end(url, "two", "owt", "onetwo") == 400)
        #expect(await end(url, "two", "two", "two") == 400)
        #expect(await end(url, "two", "two", "onetwo") == 201)
    }

    @Test func `a part of a form is what its own fields say`() async throws {
        let form = { (field: String) in
            let text = "--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\(field)\r\n\r\none\r\n--b--\r\n"
            return try MultipartReader(contentType: "multipart/form-data; boundary=b", body: ByteStream(Array(text.utf8)))
        }
        for (field, value) in Self.fields("one") {
            let part = try #require(try await form("\(field): \(value)").next())
            #expect(try await part.text(limit: 10) == "one")
        }
        for (field, value) in Self.fields("two") {
            let part = try #require(try await form("\(field): \(value)").next())
            let error = await #expect(throws: SaveError.self) { try await part.text(limit: 10) }
            #expect(error?.code == .digestMismatch)
        }
    }
}
