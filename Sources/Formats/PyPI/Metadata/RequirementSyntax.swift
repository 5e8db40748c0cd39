internal import SavePlatform

/// The shape of a dependency, such as `name[extra] >=1; python_version < "3"` (dependency-specifiers specification).
///
/// Not its versions: old packages compare in ways that new tools do not take, and are installed all the same.
enum RequirementSyntax {
    /// Whether the text begins with a name, and extras where there are some, and goes on as a dependency may.
    static func isPlausible(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        let name = rest.prefix { ASCII.isAlphanumeric($0) || ProjectName.isSeparator($0) }
        guard ProjectName.isValid(name), text.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x09 }) else { return false }
        rest = trimmed(rest.dropFirst(name.count))
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            rest = trimmed(rest[(end + 1)...])
        }
        guard let next = rest.first else { return true }
        guard "(<>=!~;@".utf8.contains(next) else { return false }
        // A specifier in parentheses, as it was written before 2017, must have both of them.
        return next != UInt8(ascii: "(") || rest.prefix { $0 != UInt8(ascii: ";") }.contains(UInt8(ascii: ")"))
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> { text.drop { $0 == 0x20 || $0 == 0x09 } }
}
