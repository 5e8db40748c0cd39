internal import SavePlatform

/// The rules of `UpstreamConfigurationReading`, `FileLocating` and `UnlistedVersions`.
extension FormatConformance {
    /// Values that no format gave, for one that is asked with them all the same: an earlier version of it may have.
    private static let foreignConfigurations: [JSONObject] = [
        [:], ["dl": 1], ["dl": ""], ["dl": [nil]], ["dl": "javascript:alert(1)"], ["resources": [["@id": 1]]],
    ]

    func configurations(_ format: any RepositoryFormat) -> [String] {
        var found: [String] = []
        if let format = format as? any UpstreamConfigurationReading { found += readings(format) }
        if let locating = format as? any FileLocating { found += places(format, locating) }
        if let unlisting = format as? any UnlistedVersions { found += unlisted(format, unlisting) }
        return found
    }

    /// What is known of a file by its path, which any client can make up.
    private func unlisted(_ format: any RepositoryFormat, _ unlisting: any UnlistedVersions) -> [String] {
        var found: [String] = []
        let other = PackageID(normalized: "no-such-package")
        for text in paths {
            guard case .asset(let path, let package?) = try? route(format, .get, text) else { continue }
            guard let record = unlisting.unlistedFile(at: path, of: package) else { continue }
            if record != unlisting.unlistedFile(at: path, of: package) { found.append("\(text): two looks differ") }
            if record.path != path || record.package != package { found.append("\(text): is another file when it is not listed") }
            if !record.checksums.isEmpty || record.size != nil { found.append("\(text): bytes are known by a path") }
            if !Self.isPlain(origin(of: record, format, configuration(format))) { found.append("\(text): has no http URL") }
            if unlisting.unlistedFile(at: path, of: other) != nil { found.append("\(text): is a file of any package") }
        }
        // A page that lists files is made of that list.
        for (key, listing) in indexes where unlisting.hasDocument(of: key, in: listing) {
            if case .custom = key { continue }
            found.append("\(key.text): has a document beside itself")
        }
        return found
    }

    /// What the sample says; empty for a format without.
    func configuration(_ format: any RepositoryFormat) -> JSONObject {
        let read = try? (format as? any UpstreamConfigurationReading)?.configuration(from: configurationDocument(configuration))
        return (read ?? nil) ?? JSONObject()
    }

    /// Where a file is that was read of an index, as a proxy asks for it.
    func origin(of file: AssetRecord, _ format: any RepositoryFormat, _ configuration: JSONObject) -> String? {
        if let origin = file.origin { return origin }
        guard let format = format as? any FileLocating else { return nil }
        return (try? format.location(of: file, base: "https://upstream.example.com/", configuration: configuration)) ?? nil
    }

    private func configurationDocument(_ bytes: [UInt8]) -> UpstreamDocument {
        UpstreamDocument(url: "https://upstream.example.com/config", contentType: nil, bytes: bytes)
    }

    private func readings(_ format: any UpstreamConfigurationReading) -> [String] {
        var found: [String] = []
        let sample = Outcome { try format.configuration(from: configurationDocument(configuration)) }
        if case .failure(let code) = sample { found.append("the sample cannot be read: \(code.rawValue)") }
        if sample != Outcome({ try format.configuration(from: configurationDocument(configuration)) }) {
            found.append("two readings differ")
        }
        for bytes in Self.hostileDocuments {
            let outcome = Outcome { try format.configuration(from: configurationDocument(bytes)) }
            if case .failure(let code) = outcome, code != .upstreamInvalid {
                found.append("a bad document throws \(code.rawValue)")
            }
        }
        for base in Self.hostileBases where (try? format.configurationRequest(base: base)) != nil {
            found.append("'\(base)' is taken for an upstream's URL")
        }
        let request = try? format.configurationRequest(base: "https://upstream.example.com/")
        if request == nil { found.append("an upstream's URL is refused") }
        if let request, !(1...(64 << 20)).contains(request.maxSize) { found.append("\(request.maxSize) bytes would be read") }
        return found
    }

    private func places(_ format: any RepositoryFormat, _ locating: any FileLocating) -> [String] {
        var found: [String] = []
        for file in indexes.flatMap(\.listing.assets) where file.sidecarOf == nil {
            var unplaced = file
            unplaced.origin = nil
            if !Self.isPlain(origin(of: unplaced, format, configuration(format))) {
                found.append("\(file.path): has no http URL")
            }
            for foreign in Self.foreignConfigurations {
                let outcome = Outcome {
                    try locating.location(of: unplaced, base: "https://upstream.example.com/", configuration: foreign)
                }
                if case .failure(let code) = outcome, code != .upstreamInvalid {
                    found.append("\(file.path): a configuration that says nothing throws \(code.rawValue)")
                }
            }
        }
        return found
    }
}
