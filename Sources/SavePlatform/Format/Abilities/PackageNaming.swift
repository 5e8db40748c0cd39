/// A format whose packages have names that people write in more than one way.
///
/// A second protocol, and not one more requirement of `RepositoryFormat`, because formats of plain paths have no names.
public protocol PackageNaming: Sendable {
    /// The key of the package that someone means by a name, in any spelling; nil for what is no name.
    func package(named name: String) -> PackageID?
}

/// A format whose packages have names in namespaces that belong to one publisher, such as the group ids of Maven.
///
/// A group with the policy `first_owner` takes no package of a namespace from an upstream in which a member hosts one
/// (`docs/adr/0048-namespaces-have-owners.md`).
public protocol PackageNamespaces: PackageNaming {
    /// The beginnings of the names of all packages that are owned together with this one; none for a package by itself.
    func namespaces(of package: PackageID) -> [String]
}

extension NamePattern {
    /// Reads a pattern as somebody writes it; nil for what covers no name of the format.
    package init?(_ text: String, for format: any PackageNaming) {
        guard text.utf8.last == UInt8(ascii: "*") else {
            guard let package = format.package(named: text) else { return nil }
            // What is in no namespace is one itself: without `*` it covers nothing.
            if let format = format as? any PackageNamespaces, format.namespaces(of: package).isEmpty { return nil }
            self.init(rawValue: package.name)
            return
        }
        let stem = String(Substring(text.utf8.dropLast()))
        // `acme-` is no name by itself. With a letter behind it it is one, and the letter is what tells how it is spelled.
        guard !stem.utf8.isEmpty, let probe = format.package(named: stem + "x"), probe.name.utf8.last == UInt8(ascii: "x")
        else { return nil }
        self.init(rawValue: String(Substring(probe.name.utf8.dropLast())) + "*")
    }
}
