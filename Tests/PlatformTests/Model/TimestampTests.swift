import SavePlatform
import Testing

struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00Z", 951_825_600), ("1969-12-31T23:59:59Z", -1),
        ("2026-11-22T21:33:00Z", 1_795_383_180), ("9999-12-31T23:59:59Z", 253_402_300_799),
    ]) func `times are written and read back`(text: String, seconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.seconds == seconds)
        #expect(Timestamp(seconds: seconds).rfc3339 == text)
    }

    @Test func `offsets and fractions are understood`() {
        #expect(Timestamp(rfc3339: "2026-11-22T22:33:00+01:00") == Timestamp(rfc3339: "2026-11-22T21:33:00Z"))
        #expect(Timestamp(rfc3339: "1970-01-01T00:00:00.5Z")?.microseconds == 500_000)
        #expect(Timestamp(rfc3339: "1970-01-01T00:00:00.1234567Z")?.microseconds == 123_456)
        #expect(Timestamp(microseconds: 1).rfc3339 == "1970-01-01T00:00:00.000001Z")
        #expect(Timestamp(microseconds: -1).rfc3339 == "1969-12-31T23:59:59.999999Z")
    }

    @Test(arguments: [
        "", "2026", "2026-11-22", "2026-11-22T21:33:00", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "99999-01-01T00:00:00Z", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00Zx", "２０２６-01-01T00:00:00Z", "-001-01-01T00:00:00Z",
    ]) func `what is no time is refused`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `arithmetic stops at the ends of the range`() {
        #expect(Timestamp(seconds: .max).microseconds == .max)
        #expect(Timestamp(seconds: .min).microseconds == .min)
        #expect(Timestamp(microseconds: .max).adding(seconds: 1).microseconds == .max)
        #expect(Timestamp(microseconds: .min).adding(seconds: -1).microseconds == .min)
        #expect(!Timestamp(microseconds: .min).rfc3339.isEmpty)
        #expect(!Timestamp(microseconds: .max).httpDate.isEmpty)
    }

    @Test func `dates of HTTP are written and read back`() {
        let time = Timestamp(seconds: 784_111_777)
        #expect(time.httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(Timestamp(httpDate: time.httpDate) == time)
        for text in [
            "", "Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 99999999999999999999 Nov 1994 08:49:37 GMT",
        ] { #expect(Timestamp(httpDate: text) == nil) }
    }
}
