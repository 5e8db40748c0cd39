/// How pages are compressed; chosen where the server is put together.
package struct PageCompression: Sendable {
    /// The bytes with gzip; nil where there is no memory for it.
    package let whole: @Sendable ([UInt8]) -> [UInt8]?
    /// The same for bytes that come in pieces; nil where there is no memory for it.
    package let begin: @Sendable () -> (any StreamCompressing)?

    package init(whole: @escaping @Sendable ([UInt8]) -> [UInt8]?, begin: @escaping @Sendable () -> (any StreamCompressing)?) {
        self.whole = whole
        self.begin = begin
    }

    /// Leaves everything as it is.
    package static let none = PageCompression(whole: { _ in nil }, begin: { nil })
}

/// Compresses bytes as they come. One owner feeds it.
package protocol StreamCompressing: AnyObject {
    /// What can be sent after more bytes; may be empty. Without bytes, all that is left.
    ///
    /// - Throws: once and for all, when there is no memory.
    func compress(_ bytes: [UInt8]?) throws -> [UInt8]
}
