internal import SaveAPI
internal import SaveAdvisories
internal import SaveHTTP
internal import SavePlatform
internal import SavePlugins
package import SavePostgres
internal import SaveS3

/// The forms that values have.
enum SettingText {
    static func text(_ text: String) throws(SettingError) -> String {
        guard !text.isEmpty else { throw SettingError("must not be empty") }
        return text
    }

    /// A database in the data directory, or where another one is. The complaint does not repeat the text: it may have a password.
    static func database(_ text: String) throws(SettingError) -> PostgresAddress? {
        if text == "sqlite" { return nil }
        do { return try PostgresAddress(text) } catch {
            throw SettingError(
                "must be sqlite, or a URL such as postgresql://save:password@db.example.com/save, in which a / or @ of the password is written %2F or %40"
            )
        }
    }

    /// A server's address: scheme and host, a port and a path where it has them.
    static func address(_ text: String) throws(SettingError) -> String {
        guard let address = PublicAddress(text) else {
            throw SettingError("must be an address such as https://save.example.com or https://example.com/save")
        }
        return address.text
    }

    /// Origins, or `*` for all of them.
    static func origins(_ text: String) throws(SettingError) -> [String] {
        let entries = try list(text)
        for entry in entries where entry != "*" {
            do {
                _ = try origin(entry)
            } catch {
                throw SettingError(
                    "must be addresses such as https://app.example.com, without paths, or *; '\(entry)' is neither")
            }
        }
        return entries
    }

    /// Where stored files are kept.
    static func blobs(_ text: String) throws(SettingError) -> BlobAddress {
        if text == "files" { return .files }
        guard let place = S3Configuration.place(text) else {
            throw SettingError("must be files, s3://bucket or s3://bucket/prefix")
        }
        return .bucket(place.bucket, prefix: place.prefix)
    }

    static func flag(_ text: String) throws(SettingError) -> Bool {
        switch text {
        case "true": return true
        case "false": return false
        default: throw SettingError("must be true or false")
        }
    }

    /// Letters, digits and signs without spaces. Not named where it is wrong: it may be a secret.
    static func word(_ text: String) throws(SettingError) -> String {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw SettingError("must be visible ASCII characters without spaces")
        }
        return text
    }

    /// An address without a path: scheme and host, and a port where it has one.
    static func origin(_ text: String) throws(SettingError) -> String {
        guard let address = PublicAddress(text), address.path.isEmpty else {
            throw SettingError("must be an address such as https://save.example.com, without a path")
        }
        return address.text
    }

    /// An empty text is no value.
    static func optional<Value>(
        _ read: @escaping @Sendable (String) throws(SettingError) -> Value
    ) -> @Sendable (String) throws(SettingError) -> Value? {
        { text throws(SettingError) in text.isEmpty ? nil : try read(text) }
    }

    static func port(_ text: String) throws(SettingError) -> UInt16 {
        guard let port = UInt16(text) else { throw SettingError("must be a port, 0 to 65535") }
        return port
    }

    static func count(_ text: String) throws(SettingError) -> Int {
        guard let count = Int(text), (1...1_000_000).contains(count) else {
            throw SettingError("must be a whole number from 1 to 1000000")
        }
        return count
    }

    static func seconds(_ text: String) throws(SettingError) -> Int64 {
        guard let seconds = Int64(text), (0...31_536_000).contains(seconds) else {
            throw SettingError("must be a number of seconds from 0 to 31536000")
        }
        return seconds
    }

    /// Seconds that a clock which is set may be wrong by, at least: ages are told by it.
    static func grace(_ text: String) throws(SettingError) -> Int64 {
        let seconds = try seconds(text)
        guard seconds >= 60 else { throw SettingError("must be at least 60 seconds; a day, 86400, is the default") }
        return seconds
    }

    /// Seconds between two of something that asks others.
    static func interval(_ text: String) throws(SettingError) -> Int64 {
        let seconds = try seconds(text)
        guard seconds >= 60 else { throw SettingError("must be at least 60 seconds") }
        return seconds
    }

    /// Bytes, with k, m, g or t for powers of 1024.
    static func size(_ text: String) throws(SettingError) -> Int64 {
        let units: [Unicode.Scalar: Int64] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40]
        let last = text.unicodeScalars.last.map { Unicode.Scalar($0.value | 32) ?? $0 }
        let unit = last.flatMap { units[$0] }
        let digits = unit == nil ? text : String(text.unicodeScalars.dropLast())
        guard let number = Int64(digits), number >= 0 else {
            throw SettingError("must be a size in bytes, such as 1048576, 512k, 64m or 2g")
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        guard !overflow else { throw SettingError("is too large") }
        return bytes
    }

    static func level(_ text: String) throws(SettingError) -> String {
        guard Log.Level(name: text) != nil else { throw SettingError("must be debug, info, notice, warning or error") }
        return text
    }

    static func logFormat(_ text: String) throws(SettingError) -> String {
        guard ["auto", "text", "json"].contains(text) else { throw SettingError("must be auto, text or json") }
        return text
    }

    static func advisoryService(_ text: String) throws(SettingError) -> String {
        guard AdvisoryService(rawValue: text) != nil else { throw SettingError("must be public, signed-in or off") }
        return text
    }

    /// URLs of advisories. Each is named without its credentials where it is wrong.
    static func advisorySources(_ text: String) throws(SettingError) -> [AdvisorySource] {
        var sources: [AdvisorySource] = []
        var numbers: [Int] = []
        for (place, entry) in try list(text).enumerated() {
            guard let source = AdvisorySource(entry) else {
                throw SettingError("must be http or https URLs between commas, and number \(place + 1) is none")
            }
            guard !sources.contains(source) else { continue }
            if let other = sources.firstIndex(where: { $0.noteName == source.noteName }) {
                throw SettingError(
                    "has one URL twice with different credentials, as numbers \(numbers[other]) and \(place + 1): keep one of them"
                )
            }
            sources.append(source)
            numbers.append(place + 1)
        }
        return sources
    }

    /// A list of addresses and CIDR blocks.
    static func networks(_ text: String) throws(SettingError) -> [String] {
        let entries = try list(text)
        for entry in entries where TrustedProxies([entry]) == nil {
            throw SettingError("must be addresses or CIDR blocks, such as 10.0.0.5 or 10.0.0.0/8; '\(entry)' is neither")
        }
        return entries
    }

    /// Shared objects, by absolute path, pinned or not.
    static func plugins(_ text: String) throws(SettingError) -> [PluginSetting] {
        var plugins: [PluginSetting] = []
        for entry in try list(text) {
            guard let plugin = PluginSetting(entry) else {
                throw SettingError("has '\(entry)', which is no absolute path, with #sha256=<64 digits> behind it or nothing")
            }
            plugins.append(plugin)
        }
        return plugins
    }

    /// Values between commas; spaces around them do not count.
    static func list(_ text: String) throws(SettingError) -> [String] {
        text.split(separator: ",").map { $0.trimmingPrefix { $0 == " " } }.map { part in
            String(part.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }
}
