import Testing

/// What everybody gets, for each thing that may be asked about, as a table: who asks is named above each column, what is
/// asked about before each row. `ok` is the status that the row of the request calls its success.
struct AccessProfile: Sendable {
    /// What is asked about, in order: `public`, `private`, `missing` for repositories.
    let targets: [String]
    private let cells: [String: [Asker: String]]

    init(_ table: String) {
        let lines = table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let columns = (lines.first ?? []).compactMap { name in Asker.allCases.first { $0.rawValue.hasPrefix(name) } }
        precondition(columns == Asker.allCases, "a table has one column for each asker, in order")
        var cells: [String: [Asker: String]] = [:]
        for line in lines.dropFirst() {
            precondition(line.count == columns.count + 1, "every row of a table is complete: \(line)")
            cells[line[0]] = Dictionary(uniqueKeysWithValues: zip(columns, line.dropFirst()))
        }
        targets = lines.dropFirst().map { $0[0] }
        self.cells = cells
    }

    /// What one asker gets about one target; nil where success is expected.
    func refusal(_ target: String, _ asker: Asker) -> Int? { cells[target]?[asker].flatMap { Int($0) } }
}

/// A kind of request with what everybody gets for it.
struct AccessRow: Sendable {
    /// Such as `GET /repos/{project}/{name}`.
    let request: String
    let profile: AccessProfile
    /// The status of callers that may.
    let ok: Int
    let body: String?
    /// Values of the path's variables, where they are others than usual.
    let values: [String: String]
    /// Whether it changes something: a question that has a body leaves no record.
    let isRecorded: Bool

    init(
        _ request: String, _ profile: AccessProfile, ok: Int = 200, body: String? = nil, values: [String: String] = [:],
        isRecorded: Bool = true
    ) {
        self.isRecorded = isRecorded
        self.request = request
        self.profile = profile
        self.ok = ok
        self.body = body
        self.values = values
    }

    var method: String { String(request.prefix { $0 != " " }) }
    var path: String { String(request.drop { $0 != " " }.dropFirst()) }
}
