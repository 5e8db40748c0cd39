import SavePlatform
import SaveRepositories
import Testing

/// Which times a repository can be read as of. It is 2027-01-15T08:00:00Z.
@Suite struct AsOfTimeTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    private static func split(_ time: String) throws -> Timestamp? {
        try AsOf.split(RequestPath(segments: ["+at", time, "simple"], endsInSlash: true), now: now)?.time
    }

    @Test(arguments: [
        ("2026-11-01", "2026-11-01T00:00:00Z", "+at/2026-11-01/"),
        ("2026-11-01T01:00:00+01:00", "2026-11-01T00:00:00Z", "+at/2026-11-01/"),
        ("2026-11-01T12:30:00Z", "2026-11-01T12:30:00Z", "+at/2026-11-01T12:30:00Z/"),
        ("2026-11-01t12:30:00.25z", "2026-11-01T12:30:00.250000Z", "+at/2026-11-01T12:30:00.250000Z/"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "+at/2017-01-01/"),
        ("1970-01-01", "1970-01-01T00:00:00Z", "+at/1970-01-01/"),
        // A client's clock may be ahead.
        ("2027-01-15T08:00:59Z", "2027-01-15T08:00:59Z", "+at/2027-01-15T08:00:59Z/"),
    ])
    func `a date is the start of its day in UTC, and RFC 3339 is what it says`(_ text: String, _ time: String, _ path: String)
        throws
    {
        let found = try #require(try Self.split(text))
        #expect(found.rfc3339 == time)
        #expect(AsOf.path(of: found) == path)
    }

    @Test(arguments: [
        "", "yesterday", "2026-11", "2026-13-01", "2026-02-30", "2026-11-01T24:00:00Z", "2026-11-01T00:00:00", "20261101",
        "2026-11-01Z", "99999-01-01", "9999-12-31", "9999-12-31T23:59:59-23:59", "2027-01-16", "2027-01-15T08:01:01Z",
        "1969-12-31", "0000-01-01T00:00:00+23:59", "-001-01-01", "2026-11-0\u{301}1", "２０２６-11-01",
        "2026-11-01T00:00:00 01:00", String(repeating: "9", count: 255), "1793491200",
    ])
    func `what is no time, or no time at which anything is known, is refused with the reason and an example`(_ text: String) {
        #expect {
            _ = try Self.split(text)
        } throws: { error in
            guard let error = error as? SaveError else { return false }
            return error.code == .invalidRequest && error.message.contains("/+at/2026-11-01/")
                && error.message.contains("/+at/2026-11-01T12:00:00Z/") && error.message.utf8.count < 300
        }
    }

    @Test func `a path without the marker is read as it is`() throws {
        for first in ["+At", "at", "+at ", "simple"] {
            #expect(try AsOf.split(RequestPath(segments: [first, "2026-11-01"], endsInSlash: false), now: Self.now) == nil)
        }
    }
}
