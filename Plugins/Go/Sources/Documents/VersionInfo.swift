internal import SavePlatform

/// `.info` and `@latest`: `{"Version":"v1.2.3","Time":"2026-01-02T03:04:05Z"}`.
enum VersionInfo {
    static func object(_ known: KnownVersion) -> JSONObject {
        var object: JSONObject = ["Version": .string(known.version.text)]
        object["Time"] = known.time.map { .string($0.rfc3339) }
        return object
    }

    /// The files of the version that an upstream names, in answer to a question or as its newest.
    ///
    /// - Parameter query: what was asked for; nil for the newest.
    /// - Throws: `upstreamInvalid` for what names no version of the module.
    static func listing(of module: ModulePath, in document: UpstreamDocument, query: String?) throws -> Listing {
        guard let said = (try? JSONValue(parsing: document.bytes))?.object,
            let version = said["Version"]?.string.flatMap({ ModuleVersion($0) }), module.takes(version)
        else {
            throw SaveError(.upstreamInvalid, "the upstream's answer names no version of '\(module.text)': check remote_url")
        }
        var records = try UpstreamFile.records(
            module, version, said["Time"]?.string.flatMap(Timestamp.init(rfc3339:)))
        for place in records.indices where records[place].sidecarOf == nil {
            records[place].attributes[KnownVersion.queryKey] = JSONValue(query)
        }
        return Listing(assets: records)
    }

    /// What an upstream says of a version: which it is, when it was made, and where it is from. nil for what says something else.
    static func object(_ bytes: [UInt8], of version: ModuleVersion) -> JSONObject? {
        guard let said = try? JSONValue(parsing: bytes).object, let text = said["Version"]?.string,
            ASCII.isEqual(text, version.text)
        else { return nil }
        var object: JSONObject = ["Version": .string(text)]
        object["Time"] = said["Time"]?.string.flatMap(Timestamp.init(rfc3339:)).map { .string($0.rfc3339) }
        if let origin = said["Origin"]?.object { object["Origin"] = .object(origin) }
        return object
    }
}
