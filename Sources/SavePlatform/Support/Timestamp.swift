/// A moment in UTC, in whole microseconds since 1970-01-01T00:00:00Z. Arithmetic saturates; nothing here traps.
public struct Timestamp: Sendable, Hashable, Comparable, Codable {
    /// Microseconds since the epoch.
    package let microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }
    public init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        microseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    /// Whole seconds since the epoch, rounded down.
    public var seconds: Int64 { microseconds >= 0 ? microseconds / 1_000_000 : -((-(microseconds + 1)) / 1_000_000) - 1 }

    /// This moment moved by a number of seconds, saturating at the ends of the range.
    public func adding(seconds: Int64) -> Timestamp {
        let delta = Timestamp(seconds: seconds).microseconds
        let (sum, overflow) = microseconds.addingReportingOverflow(delta)
        return Timestamp(microseconds: overflow ? (delta < 0 ? .min : .max) : sum)
    }
}

// MARK: - Text

extension Timestamp {
    /// RFC 3339 in UTC: `2026-11-22T21:33:00Z`, with six digits of a second where they are not all zero.
    public var rfc3339: String {
        var bytes: [UInt8] = []
        appendRFC3339(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends what `rfc3339` gives, without a text in between: a page has tens of thousands of times.
    public func appendRFC3339(to bytes: inout [UInt8]) {
        let (civil, micro) = civilAndMicroseconds
        append(civil.year, width: 4, to: &bytes)
        append("-", civil.month, to: &bytes)
        append("-", civil.day, to: &bytes)
        append("T", civil.hour, to: &bytes)
        append(":", civil.minute, to: &bytes)
        append(":", civil.second, to: &bytes)
        if micro != 0 {
            bytes.append(UInt8(ascii: "."))
            append(micro, width: 6, to: &bytes)
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    /// IMF-fixdate (RFC 9110, 5.6.7), for `Last-Modified`: `Sun, 22 Nov 2026 21:33:00 GMT`.
    package var httpDate: String {
        let (civil, _) = civilAndMicroseconds
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekday = days[Int(((civil.daysSinceEpoch % 7) + 7) % 7)]
        return "\(weekday), \(padded(civil.day, 2)) \(months[Int(civil.month) - 1]) \(padded(civil.year, 4)) "
            + "\(padded(civil.hour, 2)):\(padded(civil.minute, 2)):\(padded(civil.second, 2)) GMT"
    }

    /// Reads RFC 3339, with `Z` or an offset, and with or without a fraction; nil for anything else.
    public init?(rfc3339 text: String) {
        var text = text
        guard let microseconds = text.withUTF8({ Self.microseconds(rfc3339: DigitScanner($0)) }) else { return nil }
        self.init(microseconds: microseconds)
    }

    private static func microseconds(rfc3339 scanner: consuming DigitScanner) -> Int64? {
        guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2), scanner.skip("-"),
            let day = scanner.number(2), scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let hour = scanner.number(2), scanner.skip(":"), let minute = scanner.number(2), scanner.skip(":"),
            let second = scanner.number(2),
            (1...12).contains(month), day >= 1, day <= CivilTime.length(of: month, in: year),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }
        var micro: Int64 = 0
        if scanner.skip(".") {
            guard let fraction = scanner.fraction() else { return nil }
            micro = fraction
        }
        var offset: Int64 = 0
        if !(scanner.skip("Z") || scanner.skip("z")) {
            let sign: Int64
            if scanner.skip("+") { sign = 1 } else if scanner.skip("-") { sign = -1 } else { return nil }
            guard let hours = scanner.number(2), scanner.skip(":"), let minutes = scanner.number(2), hours <= 23, minutes <= 59
            else { return nil }
            offset = sign * (hours * 3600 + minutes * 60)
        }
        guard scanner.isAtEnd else { return nil }
        let days = CivilTime.daysSinceEpoch(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        return seconds * 1_000_000 + micro
    }

    /// Reads an IMF-fixdate, the one form RFC 9110 lets a sender use; nil for anything else.
    package init?(httpDate text: String) {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map { String(Substring($0)) }
        guard words.count == 6, words[5] == "GMT", words[0].utf8.count == 4,
            let day = Int64(words[1]), let month = months.firstIndex(of: words[2]), let year = Int64(words[3]),
            (1...9999).contains(year), day >= 1, day <= CivilTime.length(of: Int64(month) + 1, in: year)
        else { return nil }
        var time = words[4]
        guard let (hour, minute, second) = time.withUTF8({ Self.clock(DigitScanner($0)) }) else { return nil }
        let days = CivilTime.daysSinceEpoch(year: year, month: Int64(month) + 1, day: day)
        self.init(seconds: days * 86_400 + hour * 3600 + minute * 60 + second)
    }

    /// `HH:MM:SS` to the end of the text.
    private static func clock(_ scanner: consuming DigitScanner) -> (hour: Int64, minute: Int64, second: Int64)? {
        guard let hour = scanner.number(2), scanner.skip(":"), let minute = scanner.number(2), scanner.skip(":"),
            let second = scanner.number(2), scanner.isAtEnd, hour <= 23, minute <= 59, second <= 60
        else { return nil }
        return (hour, minute, second)
    }

    private var civilAndMicroseconds: (CivilTime, Int64) {
        let second = seconds
        return (CivilTime(secondsSinceEpoch: second), microseconds &- second &* 1_000_000)
    }
}

/// Appends a mark and a number of two digits.
private func append(_ mark: Unicode.Scalar, _ number: Int64, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: mark))
    bytes.append(UInt8(truncatingIfNeeded: 48 + number / 10))
    bytes.append(UInt8(truncatingIfNeeded: 48 + number % 10))
}

/// Appends a number that is not negative in at least so many digits.
private func append(_ number: Int64, width: Int, to bytes: inout [UInt8]) {
    var divisor: Int64 = 1
    for _ in 1..<width { divisor *= 10 }
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
        bytes.append(UInt8(truncatingIfNeeded: 48 + number / divisor % 10))
        divisor /= 10
    }
}

private func padded(_ number: Int64, _ width: Int) -> String {
    let text = String(number)
    return text.utf8.count >= width ? text : String(repeating: "0", count: width - text.utf8.count) + text
}

/// A date and a time of day in the proleptic Gregorian calendar, UTC.
private struct CivilTime {
    let year, month, day, hour, minute, second, daysSinceEpoch: Int64

    init(secondsSinceEpoch: Int64) {
        let days = secondsSinceEpoch >= 0 ? secondsSinceEpoch / 86_400 : -((-(secondsSinceEpoch + 1)) / 86_400) - 1
        let rest = secondsSinceEpoch - days * 86_400
        hour = rest / 3600
        minute = rest % 3600 / 60
        second = rest % 60
        daysSinceEpoch = days
        // Eras of 400 years that begin in March, so that the leap day is the last of a year.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func length(of month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads fixed-width decimal numbers from ASCII text, which its owner holds meanwhile.
private struct DigitScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func number(_ width: Int) -> Int64? {
        guard bytes.count - position >= width else { return nil }
        var value: Int64 = 0
        for place in position..<position + width {
            guard ASCII.isDigit(bytes[place]) else { return nil }
            value = value * 10 + Int64(bytes[place] - 48)
        }
        position += width
        return value
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Digits of a second's fraction as microseconds; digits past the sixth are dropped.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var digits = 0
        while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 {
            if digits < 6 { value = value * 10 + Int64(bytes[position] - 48) }
            digits += 1
            position += 1
        }
        guard digits > 0 else { return nil }
        for _ in min(digits, 6)..<6 { value *= 10 }
        return value
    }
}
