internal import SavePlatform

/// Which tags name one image for ever: the setting `immutable_tags`, `true` for all, or a list of patterns in which `*` is any text.
struct TagRules {
    private let patterns: [String]

    /// - Throws: `unknownField`, `invalidRequest` naming the setting.
    init(_ settings: JSONObject) throws {
        for key in settings.keys where key != "immutable_tags" {
            throw SaveError(.unknownField, "OCI repositories have no setting '\(key)'", details: ["field": key])
        }
        switch settings["immutable_tags"] {
        case nil, .null, .bool(false): patterns = []
        case .bool(true): patterns = ["*"]
        case .array(let values):
            let texts = values.compactMap(\.string)
            guard texts.count == values.count, texts.count <= 100, texts.allSatisfy({ (1...128).contains($0.utf8.count) }) else {
                throw Self.malformed
            }
            patterns = texts
        default: throw Self.malformed
        }
    }

    /// - Parameter why: what follows from that, and how to mend it.
    /// - Throws: `conflict` for a tag that stays with what it names.
    func checkChange(of tag: String, in image: PackageID, _ why: String) throws {
        guard patterns.contains(where: { Self.matches(Array($0.utf8)[...], Array(tag.utf8)[...]) }) else { return }
        throw SaveError(
            .conflict, "tag: '\(image):\(tag)' is immutable here and \(why)",
            details: ["field": "tag", "code": "DENIED"])
    }

    /// Goes back to the last star where the text does not go on: what is before it need not be looked at again.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var (pattern, text) = (pattern, text)
        var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (pattern, text)
            } else if let byte = text.first, byte == pattern.first {
                (pattern, text) = (pattern.dropFirst(), text.dropFirst())
            } else if pattern.isEmpty, text.isEmpty {
                return true
            } else if let last = retry, !last.text.isEmpty {
                retry = (last.pattern, last.text.dropFirst())
                (pattern, text) = (last.pattern, last.text.dropFirst())
            } else {
                return false
            }
        }
    }

    private static let malformed = SaveError.invalid(
        "immutable_tags", "immutable_tags: true, false or a list of patterns such as \"v*\"")
}
