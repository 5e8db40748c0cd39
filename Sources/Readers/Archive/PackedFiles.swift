/// Files within a tar archive that is packed with gzip, as formats see them that a server loads: they are of another package, and get
/// what is public.
public enum PackedFiles {
    /// Why an archive was refused.
    public struct Refusal: Error, Sendable, CustomStringConvertible {
        /// What is wrong with it, for its publisher.
        public let description: String
    }

    /// The files of an archive that are wanted, in their order. Blocks.
    ///
    /// - Parameters:
    ///   - size: that of the archive, in bytes.
    ///   - limit: the most bytes a wanted file may have.
    ///   - bytes: gives so many bytes of the archive from an offset, fewer at its end only.
    ///   - wanted: asked for the name of each file: relative, without dot segments.
    /// - Throws: `Refusal` for what is no such archive or is damaged, and what `bytes` throws.
    public static func read(
        archiveOf size: Int64, limit: Int, bytes: @escaping (_ offset: Int64, _ count: Int) throws -> [UInt8],
        wanted: (_ name: String) -> Bool
    ) throws -> [(name: String, contents: [UInt8])] {
        do {
            let entries = try TarGzip.read(ArchiveSource(size: size, read: bytes), limit: limit) { wanted($0.name) }
            return entries.compactMap { entry in entry.contents.map { (entry.entry.name, $0) } }
        } catch let error as ArchiveError {
            throw Refusal(description: error.reason)
        }
    }
}
