/// A format that puts together what several repositories say of one package.
///
/// A group with the policy `union` merges the files of its members: the first to have a file wins. What is said of the package as
/// a whole (`Listing.attributes`), such as tags, a status or a description, is put together by this rule. Without it each
/// key is what the first member says that says anything of it (`JSONObject.init(mergedByKeyFrom:)`).
///
/// A member whose files must not be given out (`PackagePolicy.checkDownload`) is left out with all it says, unless every
/// member is such a one. Like every part of a format it is pure.
public protocol PackageMerging: Sendable {
    /// The attributes of a package in a group.
    ///
    /// - Parameter said: what the members say that have the package, in their order; never empty.
    func attributes(mergedFrom said: [JSONObject]) throws -> JSONObject
}

extension JSONObject {
    /// For each key the value of the first object that has it.
    public init(mergedByKeyFrom objects: [JSONObject]) {
        self = objects.first ?? JSONObject()
        for object in objects.dropFirst() {
            for member in object.members where self[member.key] == nil { self[member.key] = member.value }
        }
    }
}
