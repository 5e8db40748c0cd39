import SavePlatform
import Testing

/// What is kept of a site without an index, by what clients asked for.
@Suite struct SpelledKeyTests {
    private func spelling(_ target: String) throws -> RequestSpelling {
        let parts = "/raw/p/r/\(target)".utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        return try RequestSpelling(
            rawPath: Array(parts[0])[...], rawQuery: parts.count == 2 ? Array(parts[1])[...] : nil)
    }

    private func key(_ target: String) throws -> String { try SpelledKey.path(of: spelling(target)).text }

    @Test(arguments: [
        ("a", "a"), ("a/b.txt", "a/b.txt"), ("caf%C3%A9", "caf\u{e9}"), ("x%20y", "x y"), ("%61~%7E", "a~~"), ("100%25", "100%"),
        ("100%25zz", "100%zz"), ("a%3fb", "a%3Fb"), ("a%253Fb", "a%253Fb"), ("a;b", "a;b"), ("a%3Bb", "a%3Bb"),
        ("a%2fb", "a%2Fb"),
        ("%25%25%34%31", "%%2541"), ("f?a/b", "f?a|b"), ("f?a%2Fb", "f?a%2Fb"), ("f??", "f??"), ("f?", "f"), ("a%23b", "a#b"),
    ])
    func `a key is read by people and tells what was asked for`(_ target: String, _ expected: String) throws {
        #expect(try key(target) == expected)
    }

    @Test func `each key leads back to what was asked for, and two requests have two keys`() throws {
        // Every text of up to four of these, wherever it is a path that clients may ask for.
        let pieces = ["a", "4", "%25", "%3F", "%3B", ";", "%2F", "%7C", "%C3%A9", "?", "/", "|", "%41"]
        var texts = [""]
        var asked: [String: String] = [:]
        for _ in 0..<4 {
            texts = texts.flatMap { text in pieces.map { text + $0 } }
            for text in texts {
                let path = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)[0]
                guard let known = try? RequestPath(keepingEscapedSlashes: Array("/raw/p/r/\(path)".utf8)[...]),
                    !known.endsInSlash,
                    known.segments.count > 3
                else { continue }
                let spelling = try spelling(text)
                let key = try SpelledKey.path(of: spelling)
                // Unreserved characters, and those that no URL has unescaped, are the same however they are written.
                let canonical = spelling.reference.replacing("%41", with: path.contains("%41") ? "A" : "%41")
                let plain = try AssetPath(key.text)
                let back = SpelledKey.spelling(of: key, origin: nil)?.reference ?? plain.link
                let again = try SpelledKey.path(
                    of: try self.spelling(SpelledKey.spelling(of: key, origin: nil)?.reference ?? reference(plain)))
                #expect(again == key, "\(text)")
                if let other = asked.updateValue(canonical, forKey: key.text) {
                    #expect(other == canonical, "\(text) and \(other) are both \(key): \(back)")
                }
            }
        }
        #expect(asked.count > 5_000)
    }

    private func reference(_ path: AssetPath) throws -> String {
        path.text.split(separator: "/").map { (try? AssetPath(String($0)))?.link ?? "" }.joined(separator: "/")
    }

    @Test func `a long query is kept by its digest, and found by where the file came from`() throws {
        let query = String(repeating: "x/", count: 200)
        let spelling = try spelling("d/f?\(query)")
        let key = try SpelledKey.path(of: spelling)
        #expect(key.text.hasPrefix("d/f?{sha256:") && key.filename.utf8.count <= 255)
        #expect(SpelledKey.spelling(of: key, origin: "https://u.test/base/d/f?\(query)") == spelling)
        #expect(try self.key("d/f?\(query)x") != key.text)
        // No query can be taken for one that is kept by its digest.
        #expect(try self.key("d/" + key.filename) != key.text)
    }
}
