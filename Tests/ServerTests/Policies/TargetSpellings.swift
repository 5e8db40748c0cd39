import SavePlatform

/// Other ways to write the target of a request, which a server, or a proxy in front of one, may take for the same.
enum TargetSpellings {
    static func of(_ target: String) -> [String] {
        let words = target.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        var found: [String] = []
        for place in words.indices.dropFirst() where !words[place].isEmpty {
            found += replacing(place, in: words)
        }
        let last = words[words.count - 1]
        let start = String(target.dropLast(last.count))
        for ending in [
            "/", "//", "/.", "/..", "%2f", "%2F", ".", "%20", "%00", "%0a", "?", "?x=1", "?download", ";v=1", "#f", "%23", "%3f",
            "\\",
        ] {
            found.append(target + ending)
        }
        for between in ["./", "../", "x/../", "x/%2e%2e/", "%2e/", "%2e%2e/", "/", "//", "%2f", ".%2f", "\\"] {
            found.append(start + between + last)
        }
        found.append(start.dropLast() + "%2f" + last)
        found.append(start.dropLast() + "%252f" + last)
        found.append(start.dropLast() + "%5c" + last)
        found.append(start.dropLast() + "%c0%af" + last)
        found += ["http://save.test", "http://other.test", "HTTP://SAVE.TEST:80", "//save.test", "/", "/.", "/x/..", "/packages"]
            .map {
                $0 + target
            }
        for (written, others) in [
            (
                "stolen-keys",
                ["stolen_keys", "stolen.keys", "Stolen-Keys", "stolen--keys", "stolen%2Dkeys", "stolen%5Fkeys", "ｓtolen-keys"]
            ),
            ("stolen_keys", ["stolen-keys", "Stolen_Keys", "stolen%5fkeys", "STOLEN_KEYS"]),
            ("1.0", ["1", "1.0.0", "01.0", "v1.0", "1%2E0", "1.0+local", "1.0-1"]), ("%2f", ["/", "%2F", "%252f"]),
            ("@", ["%40", "%2540"]), (".whl", [".WHL", ".whl.metadata.metadata", ".whl.asc", ".whl.json"]),
            (".tgz", [".TGZ", "%2etgz"]),
        ] where target.contains(written) {
            found += others.map { target.replacing(written, with: $0) }
        }
        return found
    }

    /// One segment, with its first letter or all of it escaped, in capitals, and with a slash too many before it.
    private static func replacing(_ place: Int, in words: [String]) -> [String] {
        let word = words[place]
        let escaped = [
            escape(word.utf8.prefix(1)) + String(decoding: word.utf8.dropFirst(), as: UTF8.self), escape(word.utf8),
            "%25" + escape(word.utf8.prefix(1)).dropFirst() + String(decoding: word.utf8.dropFirst(), as: UTF8.self),
            ASCII.lowercased(escape(word.utf8.prefix(1))) + String(decoding: word.utf8.dropFirst(), as: UTF8.self),
            word.uppercased(), "/" + word, "./" + word, word + "/.",
        ]
        return escaped.map { spelling in
            var words = words
            words[place] = spelling
            return words.joined(separator: "/")
        }
    }

    private static func escape(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        return String(
            decoding: bytes.flatMap { [UInt8(ascii: "%"), digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
