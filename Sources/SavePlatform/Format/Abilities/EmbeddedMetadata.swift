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
