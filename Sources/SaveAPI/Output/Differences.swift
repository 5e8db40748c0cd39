internal import SavePlatform

/// What a change changed, for the audit trail: each field that differs, from and to. Representations hold no secrets, so
/// differences do not either.
func changes(from before: JSONValue, to after: JSONValue) -> JSONObject {
    var changes = JSONObject()
    for member in after.object?.members ?? [] where member.key != "updated_at" {
        let old = before.object?[member.key] ?? .null
        if old != member.value { changes[member.key] = ["from": old, "to": member.value] }
    }
    return changes
}

/// Whether a text contains another, letters of ASCII in either case, everything else literally.
func contains(_ text: String, _ part: String) -> Bool {
    let part = Array(ASCII.lowercased(part).utf8)
    guard !part.isEmpty else { return true }
    let bytes = Array(ASCII.lowercased(text).utf8)
    guard bytes.count >= part.count else { return false }
    return (0...(bytes.count - part.count)).contains { bytes[$0..<($0 + part.count)].elementsEqual(part) }
}

extension JSONValue {
    /// A time as RFC 3339 writes it, or null.
    init(_ time: Timestamp?) { self = time.map { .string($0.rfc3339) } ?? .null }
}
