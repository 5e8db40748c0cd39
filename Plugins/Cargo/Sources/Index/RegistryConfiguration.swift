internal import SaveDigest
internal import SavePlatform

/// `config.json`: where crates and the web API are, and whether everything takes a token (Cargo Book, "Registry Index",
/// "Index Configuration").
enum RegistryConfiguration {
    static let apiKey = "api"
    private static let filesKey = "dl"

    /// Ours.
    ///
    /// - Parameter repository: its URL, with a slash at the end.
    static func document(of repository: String, isPrivate: Bool) -> JSONValue {
        let place = String(Substring(repository.utf8.dropLast()))
        var document: JSONObject = [filesKey: .string("\(place)/api/v1/crates"), apiKey: .string(place)]
        // Cargo sends its token with every request then, and with none otherwise.
        if isPrivate { document["auth-required"] = true }
        return .object(document)
    }

    /// An upstream's.
    ///
    /// - Throws: `upstreamInvalid` for what does not say where crates are.
    static func read(_ document: UpstreamDocument) throws -> JSONObject {
        guard let object = try? JSONValue(parsing: document.bytes).object, let files = object[filesKey]?.string else {
            throw SaveError(.upstreamInvalid, "the upstream's config.json has no text 'dl': check remote_url")
        }
        var value: JSONObject = [filesKey: .string(URLReference.resolve(files, against: document.url) ?? files)]
        if let api = object[apiKey]?.string.flatMap({ URLReference.resolve($0, against: document.url) }) {
            // The path of a bare host is a slash, to which cargo adds another path that begins with one.
            value[apiKey] = .string(api.utf8.last == UInt8(ascii: "/") ? String(Substring(api.utf8.dropLast())) : api)
        }
        return value
    }

    /// Where an upstream keeps a crate.
    ///
    /// - Throws: `upstreamInvalid` where its configuration does not tell.
    static func location(of file: AssetRecord, _ configuration: JSONObject) throws -> String? {
        guard let name = CrateName(CrateRecord(file).name ?? ""), let version = file.version else { return nil }
        guard let files = configuration[filesKey]?.string else {
            throw SaveError(.upstreamInvalid, "the upstream's config.json has no text 'dl': check remote_url")
        }
        let prefix = name.prefix.joined(separator: "/")
        let markers = [
            ("{crate}", name.text), ("{version}", version), ("{prefix}", prefix), ("{lowerprefix}", ASCII.lowercased(prefix)),
            ("{sha256-checksum}", file.checksums[.sha256]?.hex ?? ""),
        ]
        let filled = markers.reduce(files) { $0.replacing($1.0, with: $1.1) }
        return ASCII.isEqual(filled, files) ? "\(files)/\(name.text)/\(version)/download" : filled
    }
}
