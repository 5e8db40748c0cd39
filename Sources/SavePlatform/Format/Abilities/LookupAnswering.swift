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

/// A format some of whose questions are about advisories: the platform says which there are, and the format says it in the words of its
/// protocol.
public protocol AdvisoryAnswering: LookupAnswering {
    /// The packages that a question is about, by the names that its answer has for them, with the versions; nil for a question that is
    /// about no advisories. No I/O.
    ///
    /// - Throws: `invalidRequest` naming what is wrong with the document.
    func versions(in lookup: String, about question: JSONValue) throws -> [String: [String]]?

    /// Answers a question. No I/O.
    ///
    /// - Parameter advisories: by the names of `versions(in:about:)` those that affect one of the versions, each once. Members of each: `id`,
    ///   `summary`, `severity` (`low`, `medium`, `high`, `critical` or null), `malware`, `score` (of CVSS, a number or null), `vector` (its
    ///   vector or null), `cwes` (a list), and `affected`: the entries of the OSV schema that are about this package.
    func answer(_ lookup: String, about question: JSONValue, advisories: [String: [JSONObject]]) throws -> Document
}
