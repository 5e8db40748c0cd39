internal import SaveHTTP
internal import SavePlatform

/// A list as text, one line for each item, read a page at a time while the client takes it. One reader.
actor ListExport {
    /// Gives the items after a position, at most so many, and where to go on.
    typealias Fetch = @Sendable (_ after: String?, _ limit: Int) async throws -> Page<JSONValue>

    private let fetch: Fetch
    private var position: String?
    /// How many items are still to come; nil for all.
    private var rest: Int?
    /// The columns of comma-separated values; nil for lines of JSON.
    private let columns: [String]?
    private var isStarted = false
    private var isFinished = false
    private static let pageSize = 1000
    /// Pages may come back with few items, or none, before the end.
    private static let leastBytes = 1 << 16

    init(after position: String?, limit: Int?, columns: [String]?, fetch: @escaping Fetch) {
        self.position = position
        rest = limit
        self.columns = columns
        self.fetch = fetch
    }

    /// The next bytes; nil at the end.
    func next() async throws -> [UInt8]? {
        var bytes: [UInt8] = []
        if !isStarted {
            isStarted = true
            if let columns { bytes += CSV.line(columns) }
        }
        while !isFinished, bytes.count < Self.leastBytes {
            let page = try await fetch(position, min(rest ?? Self.pageSize, Self.pageSize))
            position = page.next
            rest = rest.map { $0 - page.items.count }
            isFinished = page.next == nil || rest == 0
            for item in page.items {
                bytes += columns.map { CSV.line(item, $0) } ?? item.bytes + [UInt8(ascii: "\n")]
            }
        }
        return bytes.isEmpty ? nil : bytes
    }
}

extension MediaType {
    static let csv: MediaType = "text/csv; charset=utf-8"
    static let lines: MediaType = "application/x-ndjson"
}

extension APICall {
    /// The types that lists come in. JSON is a page; the others are everything that matches, or as much as `limit` says.
    static let listTypes: [MediaType] = [.json, .csv, .lines]

    /// The list as text, from the position that the request names.
    func export(_ fetch: @escaping ListExport.Fetch) throws -> HTTPResponse {
        let isCSV = representation == .csv
        let export = ListExport(
            after: try position(), limit: query["limit"].flatMap { Int($0) },
            columns: isCSV ? APISchema.columns(ofList: route.answer ?? "") : nil, fetch: fetch)
        let name = route.pattern.words.last ?? "list"
        return HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": representation.value,
                "Content-Disposition": "attachment; filename=\"\(name).\(isCSV ? "csv" : "ndjson")\"",
            ],
            body: .stream(ByteStream(length: nil) { try await export.next() }))
    }
}
