internal import SavePlatform

/// The name of a project: checked as ASCII bytes before any change of case, so that no letter of another alphabet can
/// turn into one of ours.
enum ProjectName {
    /// No name in use is longer; the limit keeps file names under 255 bytes.
    static let maxBytes = 200

    /// `^([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])\Z` without regard to case (name-normalization specification).
    static func isValid(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        guard let first = name.first, let last = name.last, name.count <= maxBytes,
            ASCII.isAlphanumeric(first), ASCII.isAlphanumeric(last)
        else { return false }
        return name.allSatisfy { ASCII.isAlphanumeric($0) || isSeparator($0) }
    }

    /// PEP 503: `re.sub(r"[-_.]+", "-", name).lower()`; nil for what is not a name.
    static func normalized(_ name: some BidirectionalCollection<UInt8>) -> PackageID? {
        guard isValid(name) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.count)
        for byte in name {
            if !isSeparator(byte) {
                bytes.append(ASCII.lowercased(byte))
            } else if bytes.last != UInt8(ascii: "-") {
                bytes.append(UInt8(ascii: "-"))
            }
        }
        return PackageID(normalized: String(decoding: bytes, as: UTF8.self))
    }

    static func normalized(_ name: String) -> PackageID? { normalized(name.utf8) }

    /// Whether a name, normalized, is a package's: what `normalized(name) == package` says, without making a text of it.
    static func isSpelling(_ name: some BidirectionalCollection<UInt8>, of package: PackageID) -> Bool {
        guard isValid(name) else { return false }
        var wanted = package.name.utf8.makeIterator()
        var previousIsSeparator = false
        for byte in name {
            let isSeparator = isSeparator(byte)
            defer { previousIsSeparator = isSeparator }
            if isSeparator, previousIsSeparator { continue }
            guard wanted.next() == (isSeparator ? UInt8(ascii: "-") : ASCII.lowercased(byte)) else { return false }
        }
        return wanted.next() == nil
    }

    static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    }
}
