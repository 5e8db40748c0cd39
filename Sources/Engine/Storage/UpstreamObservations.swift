package import SavePlatform

/// When a proxy first knew of a file for which its upstream gives no time.
package struct FileSighting: Sendable, Equatable {
    package var repository: Int64
    package var path: AssetPath
    /// The SHA-256 that the upstream names, in hexadecimal, else another digest of its with the algorithm before it (`sha512:…`), or
    /// nothing: other bytes under the name are another file.
    package var digest: String
    package var seen: Timestamp

    package init(repository: Int64, path: AssetPath, digest: String, seen: Timestamp) {
        self.repository = repository
        self.path = path
        self.digest = digest
        self.seen = seen
    }
}

/// What upstreams hardly ever do to a package, and attackers do.
package enum UpstreamAnomalyKind: String, Sendable, CaseIterable {
    /// Other bytes under the name of a file.
    case changedFile = "changed_file"
    /// A file that was listed before and is not any more.
    case vanishedFile = "vanished_file"
    /// A new file of a version that was complete long ago. PyPI takes none after 14 days.
    case lateFile = "late_file"
    /// The upstream says now that nothing of the package is to be installed.
    case quarantine
    /// A package whose name is one letter away from the name of one that is hosted here.
    case lookAlikeName = "lookalike_name"
}

/// Something odd about a package of a proxy that was seen once, and is not forgotten.
package struct ObservedAnomaly: Sendable, Equatable {
    package var repository: Int64
    package var package: PackageID
    package var kind: UpstreamAnomalyKind
    /// The path of the file that it is about, or the hosted package that the name is like; empty for the whole package.
    package var subject: String
    package var seen: Timestamp

    package init(repository: Int64, package: PackageID, kind: UpstreamAnomalyKind, subject: String, seen: Timestamp) {
        self.repository = repository
        self.package = package
        self.kind = kind
        self.subject = subject
        self.seen = seen
    }
}
