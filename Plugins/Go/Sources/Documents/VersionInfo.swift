internal import SavePlatform

/// `.info` and `@latest`: `{"Version":"v1.2.3","Time":"2026-01-02T03:04:05Z"}`.
enum VersionInfo {
    static func object(_ known: KnownVersion) -> JSONObject {
        var object: JSONObject = ["Version": .string(known.version.text)]
        object["Time"] = known.time.map { .string($0.rfc3339) }
        return object
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
