/// A format whose files carry within them what clients ask for beside them.
///
/// A proxy of such a format serves sidecars that its upstream does not have: it reads them out of the files, of which it
/// fetches no more than the format looks at. A second protocol, because most formats have nothing of the kind
/// (`docs/adr/0011-sidecars-out-of-their-files.md`). `SaveTestKit.FormatConformance` checks the rules.
public protocol EmbeddedMetadata: Sendable {
    /// The sidecar that a file carries within it, without size, checksums and origin; nil for a file that carries none.
    func embeddedSidecar(of file: AssetRecord) -> AssetRecord?

    /// The path of the file that the path of such a sidecar belongs to, whether or not that file carries one within it; nil
    /// for a path that is none.
    func file(ofSidecar path: AssetPath) -> AssetPath?

    /// Reads the bytes of the sidecar out of its file, looking at as little of it as can be, and checks that they are about
    /// that file: the server that keeps it may send anything.
    ///
    /// Called again from its beginning whenever it looks at a part that is not there yet. What `bytes` throws must come out
    /// unchanged.
    /// - Throws: `invalidRequest` or `upstreamInvalid` for a file without a sidecar that is its own.
    func readSidecar(of file: AssetRecord, in bytes: FileBytes) throws -> [UInt8]

    /// Notes in a file's record, for its pages, that the sidecar can be had, with its checksums as far as they are known;
    /// with nil that it cannot.
    func announceSidecar(_ checksums: [Checksum]?, in file: inout AssetRecord)
}

/// A format whose files say which licence they are under, in what it keeps of a file or in the sidecar that a file carries within it.
///
/// A second protocol beside `RepositoryFormat`, for rules of administrators about licences. Like every part of a format it is pure.
public protocol LicenseDeclaring: Sendable {
    /// The licence of a file as a license expression of SPDX: `MIT OR Apache-2.0`. What is no such expression counts as unknown.
    ///
    /// - Parameters:
    ///   - file: as a listing or an upload has it; where a sidecar is given, its path, package and version alone.
    ///   - sidecar: the bytes of its sidecar (`EmbeddedMetadata`); nil where only the record is to be looked at.
    /// - Returns: nil where that does not tell.
    func license(of file: AssetRecord, sidecar: [UInt8]?) -> String?
}

/// A format whose files say what a release is and what it needs, in what it keeps of a file, in a file beside it or in the file itself: for the
/// pages of a package. What is said is shown as text; addresses in it are links only where they are `http`, `https` or `mailto`.
///
/// A second protocol beside `RepositoryFormat`. Like every part of a format it is pure. `metadata` are the bytes of the file that
/// `metadataPath` names; nil where there is none, or it is not here.
public protocol ReleaseDescribing: Sendable {
    /// Whether its authors do not mean a version for everybody yet. The newest release is one that is not.
    func isPrerelease(_ version: String) -> Bool

    /// What somebody said of the package as a whole, in a word and with a reason: `archived`, `deprecated`, `quarantined`.
    ///
    /// - Parameter package: its attributes (`Listing.attributes`).
    func status(of package: JSONObject) -> (word: String, reason: String?)?

    /// The file beside a file that says more of its release, of up to 4 MiB, or the file itself, of up to 16 MiB; nil where the record says
    /// everything.
    func metadataPath(of file: AssetRecord) -> AssetPath?

    /// One sentence.
    func summary(of file: AssetRecord, metadata: [UInt8]?) -> String?

    /// What its authors tell of it. The type says how it is written: `text/markdown` is rendered, everything else shown as it is.
    ///
    /// - Parameter package: the attributes of the package (`Listing.attributes`).
    func readme(of file: AssetRecord, metadata: [UInt8]?, package: JSONObject) -> Document?

    /// What else people want to know, in the order in which it is shown: `Python` and `>=3.10`, `Homepage` and its URL. At most one line
    /// each.
    func facts(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, value: String)]

    /// The packages that it needs, by names of the format, with the versions that do, as the format's clients write them. `group` says
    /// when it needs them, and is empty for always: `extra socks`, `development`.
    func dependencies(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, versions: String, group: String)]
}

/// Random access to a file of which perhaps only parts are at hand.
public struct FileBytes: Sendable {
    /// Bytes of the whole file.
    public let size: Int64
    private let bytes: @Sendable (_ offset: Int64, _ count: Int) throws -> [UInt8]

    /// - Parameter read: gives bytes of the file; it is asked only for what is within it.
    public init(size: Int64, read: @escaping @Sendable (_ offset: Int64, _ count: Int) throws -> [UInt8]) {
        self.size = size
        bytes = read
    }

    /// All of a file that is open. Reading blocks.
    public init(_ file: OpenFile) {
        self.init(size: file.size) { try file.read(at: $0, count: $1) }
    }

    /// Up to `count` bytes from an offset, fewer at the file's end only, none outside of it.
    public func read(at offset: Int64, count: Int) throws -> [UInt8] {
        guard offset >= 0, count > 0, offset < size else { return [] }
        return try bytes(offset, Int(min(Int64(count), size - offset)))
    }
}
