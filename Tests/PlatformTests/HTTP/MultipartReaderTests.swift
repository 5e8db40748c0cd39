import SavePlatform
import Testing

@Suite struct MultipartReaderTests {
    private struct Part: Equatable {
        var name: String
        var filename: String?
        var contentType: String?
        var bytes: [UInt8]
    }

    private static func parse(
        _ body: [UInt8], type: String = "multipart/form-data; boundary=b", chunk: Int = 65_536
    ) async throws -> [Part] {
        let reader = try MultipartReader(contentType: type, body: ByteStream(body, chunk: chunk))
        var parts: [Part] = []
        while let part = try await reader.next() {
            parts.append(
                Part(
                    name: part.name, filename: part.filename, contentType: part.contentType,
                    bytes: try await part.body.collect(limit: 1 << 24)))
        }
        #expect(try await reader.next() == nil)
        return parts
    }

    private func code(_ body: String, type: String = "multipart/form-data; boundary=b") async -> SaveError.Code? {
        do {
            _ = try await Self.parse(Array(body.utf8), type: type)
            return nil
        } catch { return (error as? SaveError)?.code }
    }

    private static func part(_ headers: String, _ text: String = "x") -> String {
        "--b\r\nContent-Disposition: form-data; \(headers)\r\n\r\n\(text)\r\n"
    }

    @Test func `every way to cut a body into pieces gives the same parts`() async throws {
        // Contents that look like the beginning of what ends them.
        let tricky = "\r\n--\r\n--a\r\r\n-\r\n--\r\n\r\n-- b--b\r\n--\n--b\r"
        let body = Array(
            ("preamble\r\n--b \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\(tricky)\r\n"
                + "--b\r\ncontent-disposition:form-data; name=f; filename=\"x \\\"y\\\".whl\"\r\nContent-Type: a/b\r\nX-Other: 1\r\n\r\n\r\n"
                + "--b--\r\nepilogue").utf8)
        let expected = [
            Part(name: "a", filename: nil, contentType: nil, bytes: Array(tricky.utf8)),
            Part(name: "f", filename: "x \"y\".whl", contentType: "a/b", bytes: []),
        ]
        for chunk in 1...body.count {
            #expect(try await Self.parse(body, chunk: chunk) == expected, "pieces of \(chunk)")
        }
    }

    @Test func `a part that was not read is skipped`() async throws {
        let text = Self.part("name=a", "1\r\n-") + Self.part("name=b", "2") + "--b--"
        let reader = try MultipartReader(
            contentType: "multipart/form-data; boundary=\"b\"", body: ByteStream(Array(text.utf8), chunk: 3))
        let first = try #require(try await reader.next())
        let second = try #require(try await reader.next())
        #expect(second.name == "b")
        #expect(try await first.body.next() == nil)
        #expect(try await second.text(limit: 10) == "2")
        #expect(try await reader.next() == nil)
    }

    @Test(arguments: [
        "", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=b", "application/json",
        "multipart/form-data; boundary=\"a\u{0D}b\"", "multipart/form-data; boundary=\"b ",
        "multipart/form-data; boundary=\"b \"",
        "multipart/form-data; boundary=b; boundary=c", "multipart/form-data; boundary=" + String(repeating: "b", count: 71),
    ])
    func `a type without a usable boundary is refused`(_ type: String) async {
        #expect(await code("--b--\r\n", type: type) == .invalidRequest)
    }

    @Test(arguments: [
        "", "--b", "--b\r\n", "no boundary here", part("name=a"), part("name=a") + "--b", part("name=a") + "--b-",
        part("name=a") + "--bx\r\n",
        "--b\r\n\r\nx\r\n--b--", "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
        "--b\nContent-Disposition: form-data; name=a\n\nx\n--b--",
        part("name=\"a") + "--b--", part("name=a; name=b") + "--b--", part("name=\"\"") + "--b--",
        part("name=a\r\n folded") + "--b--",
        part("name=a\u{0}") + "--b--", part("name=a\r\nContent-Disposition: form-data; name=b") + "--b--",
        part("name=a\r\nContent-Transfer-Encoding: base64") + "--b--",
        part("name=a\r\nContent-Type: multipart/mixed; boundary=c") + "--b--",
        part("name=a; filename=x; filename*=UTF-8''y") + "--b--", part("name=a; filename*=latin-1''y") + "--b--",
        part("name=a; filename*=UTF-8''%zz") + "--b--",
        part("name=a\r\n" + String(repeating: "X: y\r\n", count: 40) + "Z: 1") + "--b--",
        part("name=a\r\nX: " + String(repeating: "y", count: 20_000)) + "--b--",
        String(repeating: "p", count: 20_000) + "\r\n--b--",
        "--b--" + String(repeating: "e", count: 20_000),
    ])
    func `a malformed body is refused`(_ body: String) async {
        #expect(await code(body) == .invalidRequest)
    }

    @Test func `an extended file name is decoded, and a path of Windows is kept as it is`() async throws {
        let body = Self.part("name=a; filename*=UTF-8''%2e%2e%2fx") + Self.part("name=b; filename=\"C:\\a\\b.whl\"") + "--b--"
        #expect(try await Self.parse(Array(body.utf8)).map(\.filename) == ["../x", "C:\\a\\b.whl"])
    }

    @Test func `too many parts and too long a text are too large`() async throws {
        #expect(await code(String(repeating: Self.part("name=a"), count: 5000) + "--b--") == .tooLarge)
        let text = Self.part("name=a", String(repeating: "x", count: 11)) + "--b--"
        let reader = try MultipartReader(contentType: "multipart/form-data; boundary=b", body: ByteStream(Array(text.utf8)))
        let part = try #require(try await reader.next())
        let error = await #expect(throws: SaveError.self) { try await part.text(limit: 10) }
        #expect(error?.code == .tooLarge)
        #expect(error?.details["field"] == "a")
    }

    @Test func `what a body throws is thrown`() async throws {
        let body = ByteStream(length: nil) { throw SaveError(.requestTimeout, "too slow") }
        let reader = try MultipartReader(contentType: "multipart/form-data; boundary=b", body: body)
        let error = await #expect(throws: SaveError.self) { try await reader.next() }
        #expect(error?.code == .requestTimeout)
    }

    @Test func `the time grows with the size and no faster, whatever the content`() async throws {
        func duration(_ unit: String, _ count: Int) async throws -> Duration {
            let body = Array((Self.part("name=a", String(repeating: unit, count: count / unit.utf8.count)) + "--b--").utf8)
            return try await ContinuousClock().measure { _ = try await Self.parse(body, chunk: 4096) }
        }
        // The best of several runs, and a wide margin: quadratic time would be 256 times as long.
        func best(_ unit: String, _ count: Int) async throws -> Duration {
            var best = try await duration(unit, count)
            for _ in 0..<3 { best = min(best, try await duration(unit, count)) }
            return best
        }
        for unit in ["\r", "\r\n--", "\n"] {
            let small = try await best(unit, 40_000)
            let large = try await best(unit, 640_000)
            #expect(large < small * 64, "\(unit.debugDescription): \(small) and \(large)")
        }
    }
}
