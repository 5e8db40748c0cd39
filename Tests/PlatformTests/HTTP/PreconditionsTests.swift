import SaveHTTP
import SavePlatform
import Testing

@Suite struct PreconditionsTests {
    @Test(arguments: [
        ("\"abc\"", true), ("*", true), ("W/\"abc\"", true), ("\"x\", \"abc\"", true), ("\"x\" , W/\"abc\" ", true),
        ("\"x\"", false), ("abc", false), ("", false), ("\"abc", false), ("\"abcd\"", false),
    ])
    func `R-46 a list of tags names the current one or not`(field: String, matches: Bool) {
        #expect(Preconditions.matches(Array(field.utf8)[...], "\"abc\"") == matches)
    }

    @Test func `a tag that differs beats a date that agrees`() {
        let date = Timestamp(seconds: 1_700_000_000)
        let request = HTTPRequest(
            method: .get, target: Array("/".utf8), headers: ["If-None-Match": "\"x\"", "If-Modified-Since": date.httpDate])
        #expect(!Preconditions.isCurrent(request, etag: "\"abc\"", lastModified: date))
    }

    @Test(arguments: [(0, true), (1, true), (-1, false)])
    func `R-46 a date counts in whole seconds`(offset: Int64, current: Bool) {
        let date = Timestamp(microseconds: 1_700_000_000_500_000)
        let request = HTTPRequest(
            method: .get, target: Array("/".utf8), headers: ["If-Modified-Since": date.adding(seconds: offset).httpDate])
        #expect(Preconditions.isCurrent(request, etag: "\"abc\"", lastModified: date) == current)
    }
}
