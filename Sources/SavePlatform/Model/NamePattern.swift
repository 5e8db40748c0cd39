/// Names of packages that are set apart: one name, or with `*` at its end all names that begin so.
///
/// A pattern is kept in the spelling that its format gives names, so that `Acme_*` covers `acme.lib` as well.
package struct NamePattern: Sendable, Hashable, Codable, RawRepresentable, CustomStringConvertible {
    package let rawValue: String

    /// A pattern that was checked before.
    package init(rawValue: String) { self.rawValue = rawValue }

    package func covers(_ package: PackageID) -> Bool {
        guard rawValue.utf8.last == UInt8(ascii: "*") else { return package.name.utf8.elementsEqual(rawValue.utf8) }
        return package.name.utf8.starts(with: rawValue.utf8.dropLast())
    }

    package var description: String { rawValue }
}

extension [NamePattern] {
    /// The first pattern that covers a package.
    package func first(covering package: PackageID?) -> NamePattern? {
        guard let package else { return nil }
        return first { $0.covers(package) }
    }
}
