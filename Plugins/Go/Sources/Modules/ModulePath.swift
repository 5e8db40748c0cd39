internal import SavePlatform

/// The path that names a module: `example.com/Team/lib/v2`.
struct ModulePath: Hashable {
    /// As its go.mod has it.
    let text: String
    /// What its end says of the major version: `/v2`, or `.v3` below gopkg.in; empty for 0 and 1.
    let major: String

    /// Bytes; with each letter escaped, and a file's name behind it, it still is a path that the platform takes.
    private static let maxBytes = 1024

    /// nil for what is no module path (`golang.org/x/mod/module`, `CheckPath`).
    init?(_ text: String) {
        let bytes = text.utf8
        guard (1...Self.maxBytes).contains(bytes.count), bytes.first != UInt8(ascii: "-") else { return nil }
        let elements = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard let host = elements.first, host.contains(UInt8(ascii: ".")),
            host.allSatisfy({ (97...122).contains($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
            ),
            elements.allSatisfy(PathElement.isOfModule), let major = Self.major(of: elements.map { Array($0) })
        else { return nil }
        self.text = text
        self.major = major
    }

    /// nil for what is no module path as URLs spell it.
    init?(escaped segments: some Collection<String>) {
        guard let text = CaseEscape.unescaped(segments.joined(separator: "/")) else { return nil }
        self.init(text)
    }

    var escaped: String { CaseEscape.escaped(text) }
    var package: PackageID { PackageID(normalized: text) }

    /// Whether a version can be one of this module: `v2.1.0` belongs to a path that ends in `/v2` and to no other.
    func takes(_ version: ModuleVersion) -> Bool {
        // The go command made such versions once.
        if ASCII.isEqual(major, ".v1"), version.text.utf8.starts(with: "v0.0.0-".utf8) { return true }
        guard !major.isEmpty else { return version.isIncompatible || version.major == "v0" || version.major == "v1" }
        return !version.isIncompatible && ASCII.isEqual(String(Substring(major.utf8.dropFirst())), version.major)
    }

    /// nil for an end that looks like a major version and is none: `/v1`, `/v02`, `/v2.1`.
    private static func major(of elements: [[UInt8]]) -> String? {
        guard let last = elements.last else { return nil }
        if elements.first?.elementsEqual("gopkg.in".utf8) == true {
            let name = last.suffix(9).elementsEqual("-unstable".utf8) ? last.dropLast(9) : last[...]
            guard let dot = name.lastIndex(of: UInt8(ascii: ".")), elements.count > 1 else { return nil }
            let end = name[(dot + 1)...]
            return isVersion(end, zero: true) ? "." + String(decoding: end, as: UTF8.self) : nil
        }
        guard elements.count > 1, last.first == UInt8(ascii: "v"), last.count > 1,
            last.dropFirst().allSatisfy({ ASCII.isDigit($0) || $0 == UInt8(ascii: ".") })
        else { return "" }
        return isVersion(last[...], zero: false) && !last.elementsEqual("v1".utf8)
            ? "/" + String(decoding: last, as: UTF8.self) : nil
    }

    private static func isVersion(_ text: ArraySlice<UInt8>, zero: Bool) -> Bool {
        let digits = text.dropFirst()
        guard text.first == UInt8(ascii: "v"), !digits.isEmpty, digits.allSatisfy(ASCII.isDigit) else { return false }
        return digits.first != UInt8(ascii: "0") || (zero && digits.count == 1)
    }
}
