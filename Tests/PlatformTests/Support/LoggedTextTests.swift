import SaveHTTP
import SavePlatform
import Synchronization
import Testing

@Suite struct LoggedTextTests {
    @Test(arguments: [
        ("/a?token=x", "/a?token=***"), ("/a?b=1&API-Key=x&c=2", "/a?b=1&API-Key=***&c=2"),
        ("/a?b=1;pass=x;c", "/a?b=1;pass=***;c"),
        ("/a?to%6Ben=x", "/a?to%6Ben=***"), ("/a?token=x?y", "/a?token=***"), ("/a?token", "/a?token"),
        ("/a?token=", "/a?token=***"),
        ("http://u:p@h/a", "http://***@h/a"), ("http://u:p@q@h/a", "http://***@h/a"), ("http://h/a@b", "http://h/a@b"),
        ("/a?u=http://u:p@h", "/a?u=http://***@h"), ("/a?u=http%3a%2f%2fu:p%40h", "/a?u=***"),
        ("/a?u=http%3a%2f%2fh", "/a?u=http%3a%2f%2fh"),
        ("/sav_0123456789abSECRET/x", "/sav_0123456789ab***/x"), ("/sav_0123456789ab", "/sav_0123456789ab"),
        ("/sav_x/y", "/sav_x/y"),
        ("the upstream http://u:p@h/a?key=x#f said 'no'", "the upstream http://***@h/a?key=***#f said 'no'"),
    ])
    func `what gives access is left out`(_ text: String, _ wanted: String) {
        #expect(LoggedText.string(text) == wanted)
    }

    @Test(arguments: [
        "", "/", "/pypi/p/r/simple/a/", "/npm/p/r/@scope%2fname", "/a?q=b&limit=5&cursor=x==", "/a?author=me&keyword=x&tokyo=1",
        "/%", "/%4",
        "/a?%=1&%zz=2", "/a?&&;;?=", "?=@://", "://@", "a@b.example", "/sav_", "/a?monkey=1",
    ])
    func `all else stays as it is`(_ text: String) {
        #expect(LoggedText.string(text) == text || text == "://@" && LoggedText.string(text) == "://***@")
    }

    @Test func `fields of the log are cleaned, wherever they come from`() {
        let written = Mutex("")
        let log = Log { bytes in written.withLock { $0 += String(decoding: bytes, as: UTF8.self) } }
        log(.error, "request failed", ["error": "http://me:pw@h/?token=x broke"])
        log.close()
        #expect(written.withLock { $0 }.contains("http://***@h/?token=*** broke"))
    }
}
