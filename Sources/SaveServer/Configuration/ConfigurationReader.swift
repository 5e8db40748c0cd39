internal import FoundationEssentials
internal import Glibc
internal import SavePlatform

/// Puts a configuration together: defaults, then a file, then `SAVE_<KEY>` variables, then flags. The later wins.
package enum ConfigurationReader {
    /// Flags of the command line, by key.
    package typealias Flags = [(key: String, value: String)]

    /// Variables that start with `SAVE_` but are no keys.
    private static let otherVariables: Set<String> = ["SAVE_ADMIN_PASSWORD", "SAVE_API_KEY", "SAVE_CONFIG"]

    /// - Throws: `invalidConfiguration`, naming the key and where it stands.
    package static func read(file: String?, environment: [String: String], flags: Flags) throws -> ServerConfiguration {
        try readWithSources(file: file, environment: environment, flags: flags).configuration
    }

    /// The same, with where each value comes from.
    package static func readWithSources(
        file: String?, environment: [String: String], flags: Flags
    ) throws -> SourcedConfiguration {
        var configuration = SourcedConfiguration()
        if let file = file ?? environment["SAVE_CONFIG"] { try apply(fileAt: file, to: &configuration) }
        for (name, value) in environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix("SAVE_") && !otherVariables.contains(name) {
            let key = ASCII.lowercased(String(name.dropFirst(5)))
            try set(key, value, in: &configuration, source: .variable(name))
        }
        for flag in flags { try set(flag.key, flag.value, in: &configuration, source: .flag("--\(flag.key)")) }
        try check(configuration.configuration)
        return configuration
    }

    /// Lines `key = value`; `#` starts a comment line, quotes around a value are dropped.
    private static func apply(fileAt path: String, to configuration: inout SourcedConfiguration) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SaveError(.invalidConfiguration, "the configuration file \(path) cannot be read")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw SaveError(.invalidConfiguration, "the configuration file \(path) is not UTF-8")
        }
        var seen: [String: Int] = [:]
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = Self.trimmed(line)
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let place = SettingSource.file(path, line: number + 1)
            guard let equals = line.firstIndex(of: "=") else {
                throw SaveError(.invalidConfiguration, "\(place): expected key = value")
            }
            let key = Self.trimmed(line[..<equals])
            var value = Self.trimmed(line[line.index(after: equals)...])
            if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") { value = String(value.dropFirst().dropLast()) }
            if let earlier = seen.updateValue(number + 1, forKey: key) {
                throw SaveError(.invalidConfiguration, "\(place): '\(key)' stands in line \(earlier) already")
            }
            try set(key, value, in: &configuration, source: place)
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    private static func set(
        _ key: String, _ value: String, in configuration: inout SourcedConfiguration, source: SettingSource
    ) throws {
        if key == "listen" { return try setListen(value, in: &configuration, source: source) }
        guard let setting = Setting.all.first(where: { $0.key == key }) else {
            throw SaveError(
                .invalidConfiguration, "\(source): unknown key '\(key)'; the nearest known one is '\(Setting.nearest(to: key))'",
                details: ["key": key])
        }
        do {
            try configuration.set(setting, value, source)
        } catch {
            throw SaveError(.invalidConfiguration, "\(source): '\(key)' \(error.complaint)", details: ["key": key])
        }
    }

    /// `HOST:PORT`, with brackets around an IPv6 address.
    private static func setListen(
        _ value: String, in configuration: inout SourcedConfiguration, source: SettingSource
    ) throws {
        func complaint(_ text: String) -> SaveError {
            SaveError(.invalidConfiguration, "\(source): 'listen' \(text)", details: ["key": "listen"])
        }
        guard let colon = value.utf8.lastIndex(of: UInt8(ascii: ":")) else {
            throw complaint("must be HOST:PORT, such as 127.0.0.1:8080; in '\(value)' there is no port")
        }
        let digits = value[value.index(after: colon)...]
        guard let port = UInt16(digits), digits.utf8.allSatisfy(ASCII.isDigit) else {
            throw complaint("must be HOST:PORT with a port from 0 to 65535, and '\(digits)' is none")
        }
        var host = value[..<colon]
        if host.utf8.contains(UInt8(ascii: ":")) {
            guard host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") else {
                throw complaint("needs brackets around an IPv6 address, such as [::1]:8080")
            }
            host = host.dropFirst().dropLast()
        }
        configuration.setListen(host: host.isEmpty ? "0.0.0.0" : String(host), port: port, source)
    }

    private static func check(_ configuration: ServerConfiguration) throws {
        try configuration.checkObjectStore()
        if (configuration.tlsCertificate == nil) != (configuration.tlsKey == nil) {
            let missing = configuration.tlsKey == nil ? "tls_key" : "tls_certificate"
            throw SaveError(
                .invalidConfiguration, "'\(missing)' is missing: TLS needs tls_certificate and tls_key", details: ["key": missing]
            )
        }
        for (key, path) in [
            ("tls_certificate", configuration.tlsCertificate), ("tls_key", configuration.tlsKey),
            ("outbound_ca_file", configuration.outboundCAFile),
        ] {
            if let path, !FileManager.default.isReadableFile(atPath: path) {
                throw SaveError(.invalidConfiguration, "'\(key)': the file \(path) cannot be read", details: ["key": key])
            }
        }
    }
}
