/// A format whose names lie below each other, and where the owner of a name owns what is below it: in Go `corp.example.com/lib/v2` and
/// `corp.example.com/lib/tool` belong to whom `corp.example.com/lib` belongs to.
///
/// A second protocol beside `RepositoryFormat`. In a group, a package below one that a member hosts is taken from no upstream.
public protocol PackageNesting: Sendable {
    /// The names that a package lies below, the nearest first.
    func names(above package: PackageID) -> [PackageID]
}
