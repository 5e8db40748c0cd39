/// Numbers, booleans, dates and times, which are told apart by their text.
enum TOMLScalar {
    /// Whether a byte may be in one.
    static func isPart(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":")].contains(byte)
    }

    static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20
    }

    static func value(_ bytes: ArraySlice<UInt8>) -> TOMLValue? {
        let text = String(decoding: bytes, as: UTF8.self)
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "inf", "+inf": return .number(.infinity)
        case "-inf": return .number(-.infinity)
        case "nan", "+nan", "-nan": return .number(.nan)
        default: break
        }
        if let prefixed = prefixed(bytes) { return prefixed }
        return decimal(bytes) ?? time(bytes)
    }

    // MARK: Numbers

    /// `0xDEAD_BEEF`, `0o755`, `0b1`.
    private static func prefixed(_ bytes: ArraySlice<UInt8>) -> TOMLValue? {
        let radixes = [UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2]
        guard bytes.first == UInt8(ascii: "0"), let letter = bytes.dropFirst().first, let radix = radixes[letter],
            let digits = ungrouped(bytes.dropFirst(2), isHexDigit), let value = Int64(digits, radix: radix)
        else { return nil }
        return .integer(value)
    }

    private static func decimal(_ bytes: ArraySlice<UInt8>) -> TOMLValue? {
        var rest = bytes
        var sign = ""
        if let first = rest.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
            sign = first == UInt8(ascii: "-") ? "-" : ""
            rest = rest.dropFirst()
        }
        let isExponent = { (byte: UInt8) in byte | 0x20 == UInt8(ascii: "e") }
        let mantissa = rest.prefix { !isExponent($0) }
        let exponent = rest.dropFirst(mantissa.count)
        let whole = mantissa.prefix { $0 != UInt8(ascii: ".") }
        let fraction = mantissa.dropFirst(whole.count)
        guard let wholeDigits = ungrouped(whole, isDigit), wholeDigits.utf8.count == 1 || whole.first != UInt8(ascii: "0") else {
            return nil
        }
        if fraction.isEmpty, exponent.isEmpty { return Int64(sign + wholeDigits).map { .integer($0) } }
        var text = sign + wholeDigits
        if !fraction.isEmpty {
            guard let digits = ungrouped(fraction.dropFirst(), isDigit) else { return nil }
            text += "." + digits
        }
        if !exponent.isEmpty {
            var power = exponent.dropFirst()
            text += "e"
            if let first = power.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
                text += first == UInt8(ascii: "-") ? "-" : ""
                power = power.dropFirst()
            }
            guard let digits = ungrouped(power, isDigit) else { return nil }
            text += digits
        }
        return Double(text).map { .number($0) }
    }

    /// Digits without the underscores between them; nil where an underscore is not between two digits, or there is no digit.
    private static func ungrouped(_ bytes: ArraySlice<UInt8>, _ isDigit: (UInt8) -> Bool) -> String? {
        var digits: [UInt8] = []
        var isAfterDigit = false
        for byte in bytes {
            if byte == UInt8(ascii: "_"), isAfterDigit {
                isAfterDigit = false
            } else if isDigit(byte) {
                digits.append(byte)
                isAfterDigit = true
            } else {
                return nil
            }
        }
        return isAfterDigit ? String(decoding: digits, as: UTF8.self) : nil
    }

    // MARK: Dates and times (RFC 3339)

    /// Whether this is a date, and nothing else.
    static func isDate(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let parts = numbers(bytes, [4, 2, 2], UInt8(ascii: "-")) else { return false }
        let isLeap = parts[0] % 4 == 0 && (parts[0] % 100 != 0 || parts[0] % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return parts[0] > 0 && 1...12 ~= parts[1] && 1...days[parts[1] - 1] ~= parts[2]
    }

    private static func time(_ bytes: ArraySlice<UInt8>) -> TOMLValue? {
        let value = TOMLValue.time(String(decoding: bytes, as: UTF8.self))
        if isDate(bytes) || isClock(bytes) { return value }
        guard bytes.count > 11, isDate(bytes.prefix(10)) else { return nil }
        guard let between = bytes.dropFirst(10).first, between | 0x20 == UInt8(ascii: "t") || between == 0x20 else { return nil }
        var clock = bytes.dropFirst(11)
        if let last = clock.last, last | 0x20 == UInt8(ascii: "z") {
            clock = clock.dropLast()
        } else if let offset = numbers(clock.suffix(5), [2, 2], UInt8(ascii: ":")), clock.count > 6,
            let sign = clock.dropLast(5).last, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
        {
            guard offset[0] < 24, offset[1] < 60 else { return nil }
            clock = clock.dropLast(6)
        }
        return isClock(clock) ? value : nil
    }

    /// `07:32:00` or `07:32:00.999`; the second 60 is a leap second.
    private static func isClock(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let parts = numbers(bytes.prefix(8), [2, 2, 2], UInt8(ascii: ":")) else { return false }
        let fraction = bytes.dropFirst(8)
        let isFraction =
            fraction.isEmpty
            || fraction.count > 1 && fraction.first == UInt8(ascii: ".") && fraction.dropFirst().allSatisfy(isDigit)
        return isFraction && parts[0] < 24 && parts[1] < 60 && parts[2] <= 60
    }

    /// Numbers of so many digits each, with `separator` between them.
    private static func numbers(_ bytes: ArraySlice<UInt8>, _ digits: [Int], _ separator: UInt8) -> [Int]? {
        let parts = bytes.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.map(\.count) == digits, parts.allSatisfy({ $0.allSatisfy(isDigit) }) else { return nil }
        let values = parts.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        return values.count == digits.count ? values : nil
    }
}
