/// A format whose clients ask questions that are too long for a URL: they send a JSON document and get one back, and nothing
/// changes.
///
/// A second protocol beside `RepositoryFormat`, for `Route.lookup`. The platform reads the document, takes gzip off it, and bounds both
/// forms. Every caller who may read the repository may ask.
public protocol LookupAnswering: Sendable {
    /// Answers a question. No I/O.
    ///
    /// - Parameters:
    ///   - lookup: what is asked, as `route` said it.
    ///   - question: the document.
    /// - Throws: `invalidRequest` naming what is wrong with the document.
    func answer(_ lookup: String, about question: JSONValue) throws -> Document
}
