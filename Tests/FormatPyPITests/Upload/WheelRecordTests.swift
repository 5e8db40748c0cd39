import Foundation
import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatPyPI

@Suite struct WheelRecordTests {
    private static let content = Array("print('hello')\n".utf8)

    /// `sha256=<Base64 for URLs, without padding>`
    private static func digest(_ bytes: [UInt8], _ algorithm: DigestAlgorithm = .sha256) -> String {
        let raw = Hex.decode(Digest.hex(bytes, algorithm)) ?? []
        let text = Data(raw).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        return "\(algorithm.rawValue)=\(text)"
    }

    private func submit(record: String?, file: String = "foo/main.py", headers: [String] = []) async throws -> Submission {
        var entries = [
            FixtureZip.Entry(file, Self.content),
            FixtureZip.Entry(
                "foo-1.0.dist-info/METADATA", FixtureMetadata.text(name: "foo", version: "1.0", extraHeaders: headers)),
            FixtureZip.Entry("foo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n"),
        ]
        if let record { entries.append(FixtureZip.Entry("foo-1.0.dist-info/RECORD", record)) }
        return try await FixtureForm(
            "foo", "1.0", filename: "foo-1.0-py3-none-any.whl", contents: FixtureZip(entries).bytes
        ).submit()
    }

    @Test(arguments: [
        "", "foo/main.py,,\n", "foo/main.py,\(digest(content)),15\r\nfoo-1.0.dist-info/RECORD,,\r\n",
        "foo/main.py,\(digest(content, .sha512)),15", "foo/main.py,md5=x,15\n", "foo/main.py,sha256=,\n", "no comma\n", ",,,\n",
        "\"foo/main.py\",\(digest(content)),15\n",
    ])
    func `R-65 a RECORD that states nothing wrong is taken`(_ record: String) async throws {
        #expect(try await submit(record: record).items.count == 2)
    }

    @Test func `R-65 a name with a comma or a quote in it is found`() async throws {
        let line = "\"foo/a,\"\"b\"\".py\",\(Self.digest(Self.content)),15\n"
        #expect(try await submit(record: line, file: "foo/a,\"b\".py").items.count == 2)
        await #expect(throws: SaveError.self) { try await submit(record: line, file: "foo/a") }
    }

    @Test(arguments: [
        nil, "foo/main.py,\(digest([1])),15\n", "foo/main.py,\(digest([1], .sha384)),15\n", "foo/gone.py,\(digest([1])),1\n",
    ])
    func `R-65 a wheel without RECORD, or with another file than it states, is refused`(_ record: String?) async {
        let error = await #expect(throws: SaveError.self) { try await submit(record: record) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.details["field"] == "content")
    }

    @Test(arguments: [
        "bar", "bar>=1", "bar (>=1.0.*)", "bar[x,y]>=1 ; python_version < '3'", "bar @ https://example.com/bar.whl",
        "b.a-r_2~=1.0", "bar; extra == 'x'", "bar(==1)", "bar >= '1'",
    ])
    func `R-66 dependencies old and new are taken`(_ requirement: String) async throws {
        #expect(try await submit(record: "", headers: ["Requires-Dist: \(requirement)"]).items.count == 2)
    }

    @Test func `R-66 fields that go on in a second line are taken`() async throws {
        let headers = ["Requires-Dist: bar>=1;", "  python_version < '3'", "Requires-Python: >=3.8,", "\t<4"]
        let submission = try await submit(record: "", headers: headers)
        #expect(submission.items[0].record.attributes["requires-python"] == ">=3.8, <4")
    }

    @Test(arguments: ["(bar", "bar baz", "bar (>=1", "bar[x", "-bar", "bär", "bar %"])
    func `R-65 what is no dependency is refused by its text`(_ requirement: String) async {
        let error = await #expect(throws: SaveError.self) {
            try await submit(record: "", headers: ["Requires-Dist: good", "Requires-Dist: \(requirement)"])
        }
        #expect(error?.details["field"] == "content")
        #expect(error?.message.contains("'\(requirement)'") == true)
    }
}
