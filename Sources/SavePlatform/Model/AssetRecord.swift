/// One file, in terms that every format shares.
///
/// A value that is one reference wide: listings of ten thousand files are copied, sorted and merged, and copying a dozen
/// fields each time, most of them references of their own, is felt.
public struct AssetRecord: Sendable, Equatable {
    private var fields: Fields

    /// Where the file is in the repository.
    public var path: AssetPath {
        get { fields.values.path }
        set { change { $0.path = newValue } }
    }

    /// The package it belongs to, already normalized by the format.
    public var package: PackageID? {
        get { fields.values.package }
        set { change { $0.package = newValue } }
    }

    public var version: String? {
        get { fields.values.version }
        set { change { $0.version = newValue } }
    }

    /// Bytes.
    public var size: Int64? {
        get { fields.values.size }
        set { change { $0.size = newValue } }
    }

    /// In the order in which they should be shown.
    public var checksums: [Checksum] {
        get { fields.values.checksums }
        set { change { $0.checksums = newValue } }
    }

    public var published: Timestamp? {
        get { fields.values.published }
        set { change { $0.published = newValue } }
    }

    /// Yanked, retired: still served to clients that ask for exactly it, not offered to others.
    public var withdrawn: Withdrawal? {
        get { fields.values.withdrawn }
        set { change { $0.withdrawn = newValue } }
    }

    /// A file that describes another, such as `x.whl.metadata`: not listed by itself, removed with that other.
    public var sidecarOf: AssetPath? {
        get { fields.values.sidecarOf }
        set { change { $0.sidecarOf = newValue } }
    }

    /// Equal for two files of a package that clients take for one, such as `Foo-1.0.tar.gz` and `foo-1.0.tar.gz`: a
    /// repository takes one file of an identity. nil where the path says it all.
    public var identity: String? {
        get { fields.values.identity }
        set { change { $0.identity = newValue } }
    }

    /// Where an upstream keeps it: an absolute URL. Never rendered.
    public var origin: String? {
        get { fields.values.origin }
        set { change { $0.origin = newValue } }
    }

    /// The publisher, by the name that it signs in with: set by the platform in listings of what is hosted, and ignored where a
    /// format gives it.
    public var publisher: String? {
        get { fields.values.publisher }
        set { change { $0.publisher = newValue } }
    }

    /// The type it is served as.
    public var contentType: String? {
        get { fields.values.contentType }
        set { change { $0.contentType = newValue } }
    }

    /// What only the format understands, such as `requires-python`.
    public var attributes: JSONObject {
        get { fields.values.attributes }
        set { change { $0.attributes = newValue } }
    }

    public init(
        path: AssetPath, package: PackageID? = nil, version: String? = nil, size: Int64? = nil, checksums: [Checksum] = [],
        published: Timestamp? = nil, withdrawn: Withdrawal? = nil, sidecarOf: AssetPath? = nil, identity: String? = nil,
        origin: String? = nil, contentType: String? = nil, attributes: JSONObject = JSONObject()
    ) {
        fields = Fields(
            Values(
                path: path, package: package, version: version, size: size, checksums: checksums, published: published,
                withdrawn: withdrawn, sidecarOf: sidecarOf, identity: identity, origin: origin, contentType: contentType,
                attributes: attributes))
    }

    public static func == (left: AssetRecord, right: AssetRecord) -> Bool {
        left.fields === right.fields || left.fields.values == right.fields.values
    }

    private mutating func change(_ body: (inout Values) -> Void) {
        var values = fields.values
        body(&values)
        fields = Fields(values)
    }

    private struct Values: Sendable, Equatable {
        var path: AssetPath
        var package: PackageID?
        var version: String?
        var size: Int64?
        var checksums: [Checksum]
        var published: Timestamp?
        var withdrawn: Withdrawal?
        var sidecarOf: AssetPath?
        var identity: String?
        var origin: String?
        var publisher: String?
        var contentType: String?
        var attributes: JSONObject
    }

    /// Never changed: a changed record has fields of its own.
    private final class Fields: Sendable {
        let values: Values
        init(_ values: Values) { self.values = values }
    }
}

extension AssetRecord {
    /// The file may get other bytes under its name (`PathDescribing.mayChange`): noted when it is stored.
    package var isMutable: Bool {
        get { attributes["_mutable"]?.bool ?? false }
        set { attributes["_mutable"] = newValue ? .bool(true) : nil }
    }
}

/// Why a file is no longer offered.
public struct Withdrawal: Sendable, Hashable {
    /// The publisher's words; may be empty.
    public var reason: String
    public init(reason: String) { self.reason = reason }
}
