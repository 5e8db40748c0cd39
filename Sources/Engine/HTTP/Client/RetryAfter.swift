package import SavePlatform

/// How long a server asks to be left alone (RFC 9110, 10.2.3).
package enum RetryAfter {
    /// A server that asks for more than this is asked again all the same.
    private static let maxSeconds: Int64 = 3600

    /// Seconds from 1 to 3600 for a field of seconds or a date; nil for anything else, and for what is over.
    package static func seconds(_ field: String?, now: Timestamp) -> Int64? {
        guard let field else { return nil }
        if !field.utf8.isEmpty, field.utf8.allSatisfy(ASCII.isDigit) {
            // More digits than a number has are a very long time, too.
            let seconds = Int64(field) ?? maxSeconds
            return seconds == 0 ? nil : min(seconds, maxSeconds)
        }
        guard let date = Timestamp(httpDate: field), date > now else { return nil }
        return min(max(1, date.seconds - now.seconds), maxSeconds)
    }
}
