/// A format whose packages have names that people write in more than one way.
///
/// A second protocol, and not one more requirement of `RepositoryFormat`, because formats of plain paths have no names.
public protocol PackageNaming: Sendable {
    /// The key of the package that someone means by a name, in any spelling; nil for what is no name.
    func package(named name: String) -> PackageID?
}
