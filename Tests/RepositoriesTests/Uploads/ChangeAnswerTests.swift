import EngineTestKit
import FormatParcels
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// What clients are told of a change, in the words of their protocol.
@Suite struct ChangeAnswerTests {
    private let engine: EngineFixture

    init() async throws {
        engine = try await EngineFixture(format: ParcelsFormat.self)
        try await engine.add("hosted", .hosted) { $0.format = "parcels" }
        try await engine.add("chunks", .hosted) { $0.format = "chunks" }
    }

    private func publish(_ description: JSONValue, _ file: String, as user: String? = "admin") async -> HTTPResponse {
        await engine.send(.put, "/parcels/p/hosted/new", as: user, body: ByteStream(parcel(description, file)))
    }

    @Test func `a publish is answered with what the format says of it`() async throws {
        let first = await publish(["name": "foo", "version": "1.0"], "bytes")
        #expect(first.status == 200 && first.headers["content-type"] == "application/json")
        #expect(try await first.text() == #"{"notes":["text: there is none"]}"#)
        let second = await publish(["name": "foo", "version": "1.1", "text": "x"], "bytes")
        #expect(try await second.text() == #"{"notes":[]}"#)
    }

    @Test func `a change without words of its own is answered by the format's document`() async throws {
        _ = await publish(["name": "foo", "version": "1.0"], "bytes")
        let withdrawn = await engine.send(.delete, "/parcels/p/hosted/offer/foo/1.0")
        #expect(withdrawn.status == 200)
        #expect(try await withdrawn.text() == "{\"ok\":true}\n")
        #expect(try await engine.get("/parcels/p/hosted/index/foo").text.contains(#""withdrawn":true"#))
    }

    @Test func `a refusal fills the format's document, wherever it is refused`() async throws {
        let malformed = await publish(["name": "foo"], "bytes")
        #expect(malformed.status == 400)
        #expect(try await malformed.text() == #"{"errors":[{"detail":"version: is missing, or no version"}]}"#)
        let nobody = await publish(["name": "foo", "version": "1.0"], "bytes", as: nil)
        #expect(nobody.status == 401 && nobody.headers["www-authenticate"] != nil)
        let document = try JSONValue(parsing: Array(try await nobody.text().utf8))
        #expect(document.object?["errors"]?.array?.first?.object?["detail"]?.string?.isEmpty == false)
    }

    @Test func `each kind of error has the protocol's word for it`() async throws {
        func code(_ answer: HTTPResponse) async throws -> String? {
            try JSONValue(parsing: Array(try await answer.text().utf8)).object?["errors"]?.array?.first?.object?["code"]?.string
        }
        let digest = BlobDigest(of: Array("x".utf8)).hex
        let missing = await engine.send(.get, "/chunks/p/chunks/files/" + digest)
        #expect(missing.status == 404)
        #expect(try await code(missing) == "BLOB_UNKNOWN")
        #expect(try await code(await engine.send(.put, "/c2/p/chunks/files/" + digest, as: nil)) == "UNAUTHORIZED")
        #expect(try await code(await engine.put("/c2/p/chunks/files/" + digest, "x", as: "viewer")) == "DENIED")
        let other = await engine.put("/c2/p/chunks/files/" + digest, "y")
        #expect(other.status == 400)
        #expect(try await code(other) == "DIGEST_INVALID")
        // What the format has no word for keeps the platform's.
        #expect(try await code(await engine.send(.get, "/c2/p/chunks/files/x")) == "invalid_request")
    }

    @Test func `a removal is answered with the status that the format says`() async throws {
        let path = "/c2/p/chunks/files/" + BlobDigest(of: Array("x".utf8)).hex
        #expect(await engine.put(path, "x").status == 201)
        #expect(await engine.send(.delete, path).status == 202)
        #expect(try await engine.get(path).status == 404)
    }

    @Test func `a change has the format's name in the audit trail, also when it is refused`() async throws {
        _ = await publish(["name": "foo", "version": "1.0"], "bytes")
        let path = "/parcels/p/hosted/offer/foo/1.0"
        #expect(await engine.send(.delete, path, as: "viewer").status == 403)
        #expect(await engine.send(.delete, path).status == 200)
        #expect(await engine.send(.put, path).status == 200)
        // As it is already.
        #expect(await engine.send(.put, path).status == 200)
        let records = try await engine.store.read { try $0.audit(after: 0, limit: 100) }
        #expect(
            records.map { "\($0.action) \($0.outcome)" } == [
                "file.upload ok", "package.withdraw denied", "package.withdraw ok", "package.offer ok",
            ])
    }

    @Test func `a change that only its body names has that name in the audit trail where it is refused`() async throws {
        _ = await publish(["name": "foo", "version": "1.0"], "bytes")
        let refused = await publish(["name": "foo", "version": "1.0", "as": "announce"], "other bytes")
        #expect(refused.status == 400)
        #expect(try await refused.text().contains("File already exists"), "the client is told as ever")
        // Refused before there is a name.
        #expect(await publish(["name": "foo", "as": "announce"], "bytes").status == 400)
        let records = try await engine.store.read { try $0.audit(after: 0, limit: 100) }
        #expect(
            records.map { "\($0.action) \($0.outcome) \($0.details["error"]?.string ?? "-")" } == [
                "file.upload ok -", "package.announce failed already_exists", "file.upload failed invalid_request",
            ])
    }

    @Test(arguments: ["", "Yank", "a.b", "yank\n", "a-b", String(repeating: "a", count: 33)])
    func `a name that the audit trail does not take is refused`(name: String) {
        #expect(throws: SaveError.self) { try Route.upload(UploadPlan(action: name)).verified() }
    }

    @Test func `what takes a word's place is not looked at again`() {
        let words = TemplateWords(message: "no {code} in {status}", code: "C", status: 404)
        #expect(
            words.filled(into: ["a": "{status}", "b": ["{message} {code}{other}{"]]).text
                == #"{"a":404,"b":["no {code} in {status} C{other}{"]}"#)
    }
}

/// A body of `PUT /new`.
func parcel(_ description: JSONValue, _ file: String) -> [UInt8] {
    [description.bytes, Array(file.utf8)].flatMap { part in
        (0..<4).map { UInt8(truncatingIfNeeded: part.count >> (8 * $0)) } + part
    }
}
