internal import SavePlatform

/// One name between the slashes of a path, as `golang.org/x/mod/module` checks it (`CheckPath`, `CheckFilePath`).
enum PathElement {
    /// Names that Windows keeps for devices, whatever follows a dot.
    private static let devices: Set<String> = Set(
        ["con", "prn", "aux", "nul"] + (1...9).flatMap { ["com\($0)", "lpt\($0)"] })

    /// Whether a module path may have the element.
    static func isOfModule(_ element: some Collection<UInt8>) -> Bool {
        guard let first = element.first, first != UInt8(ascii: "."), element.count <= RequestPath.maxSegmentBytes,
            element.allSatisfy({ ASCII.isAlphanumeric($0) || "-._~".utf8.contains($0) })
        else { return false }
        return isPortable(element) && !isShortName(element)
    }

    /// Whether a file of a module may have the name.
    static func isOfFile(_ element: some Collection<UInt8>) -> Bool {
        guard !element.isEmpty, let text = String(validating: element, as: UTF8.self) else { return false }
        return text.unicodeScalars.allSatisfy(isFileScalar) && isPortable(element)
    }

    /// All letters of Unicode, and what shells and file systems give no meaning to.
    private static func isFileScalar(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.isASCII else {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
            default: return false
            }
        }
        let byte = UInt8(truncatingIfNeeded: scalar.value)
        return ASCII.isAlphanumeric(byte) || "!#$%&()+,-.=@[]^_{}~ ".utf8.contains(byte)
    }

    private static func isPortable(_ element: some Collection<UInt8>) -> Bool {
        guard Array(element).last != UInt8(ascii: ".") else { return false }
        let stem = element.prefix { $0 != UInt8(ascii: ".") }
        return !devices.contains(String(decoding: stem.map(ASCII.lowercased), as: UTF8.self))
    }

    /// Whether it looks like what Windows makes of a long name: `progra~1`.
    private static func isShortName(_ element: some Collection<UInt8>) -> Bool {
        let stem = Array(element.prefix { $0 != UInt8(ascii: ".") })
        guard let tilde = stem.lastIndex(of: UInt8(ascii: "~")) else { return false }
        let digits = stem[(tilde + 1)...]
        return !digits.isEmpty && digits.allSatisfy(ASCII.isDigit)
    }

    /// Equal for names that a file system without capitals takes for one.
    static func folded(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 >= 0x80 }) else { return ASCII.lowercased(name) }
        var text = ""
        for scalar in name.unicodeScalars { text.unicodeScalars.append(folded(scalar)) }
        return text
    }

    /// By way of the capital, so that the long s is an s and the sign for Kelvin a k.
    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let capital = single(scalar.properties.uppercaseMapping) ?? scalar
        return single(capital.properties.lowercaseMapping) ?? capital
    }

    private static func single(_ text: String) -> Unicode.Scalar? {
        text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
    }
}
