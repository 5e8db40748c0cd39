internal import SavePlatform

/// The name of an image within its repository, such as `team/app`: one segment or more, each of small letters and digits with `.`, `_`, `__` or
/// hyphens between them (distribution-spec, "Pulling manifests": `<name>`).
struct ImageName: Hashable {
    /// At most so many bytes, since clients allow 255 for the whole with the host before it.
    private static let maxBytes = 200

    let text: String

    init?(_ text: String) {
        self.init(
            text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { String(Substring($0)) }[...])
    }

    init?(_ segments: ArraySlice<String>) {
        let text = segments.joined(separator: "/")
        guard !segments.isEmpty, text.utf8.count <= Self.maxBytes, segments.allSatisfy(Self.isComponent) else { return nil }
        self.text = text
    }

    var package: PackageID { PackageID(normalized: text) }

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
    private static func isComponent(_ text: String) -> Bool {
        var separator: [UInt8] = []
        var isInside = false
        for byte in text.utf8 {
            if (97...122).contains(byte) || ASCII.isDigit(byte) {
                guard isSeparator(separator) else { return false }
                separator = []
                isInside = true
            } else {
                guard isInside else { return false }
                separator.append(byte)
            }
        }
        return isInside && separator.isEmpty
    }

    private static func isSeparator(_ bytes: [UInt8]) -> Bool {
        switch bytes {
        case [], [UInt8(ascii: ".")], [UInt8(ascii: "_")], [UInt8(ascii: "_"), UInt8(ascii: "_")]: true
        default: bytes.allSatisfy { $0 == UInt8(ascii: "-") }
        }
    }
}
