/// The content of a document that is made while it is sent, since as a whole it may be too large to hold.
///
/// It is made more than once, for its length and digest and for every client, and must come out the same each time.
public struct DocumentPieces: Sendable {
    /// Bytes that the maker holds, about: what it costs to keep these pieces in memory.
    package let retained: Int
    package let next: @Sendable (_ place: inout Int) -> [UInt8]?

    /// - Parameter next: gives the piece at a place, of some ten kilobytes, and moves the place on; nil at the end. The first place is
    ///   0; what others mean is the maker's own.
    public init(retaining retained: Int, _ next: @escaping @Sendable (_ place: inout Int) -> [UInt8]?) {
        self.retained = retained
        self.next = next
    }

    /// Everything at once.
    public var whole: [UInt8] {
        var bytes: [UInt8] = []
        var place = 0
        while let piece = next(&place) { bytes.append(contentsOf: piece) }
        return bytes
    }
}
