package import SaveStorage

/// All keys by their ids. One more costs the same however many there are: a few that changed lately lie over the others, which
/// are copied only when those few are many.
package struct KeyTable: Sendable {
    private var settled: [String: KeyRecord]
    /// What became of keys since; nil for one that is gone.
    private var recent: [String: KeyRecord?] = [:]
    private static let few = 256

    init(_ keys: [KeyRecord]) { settled = Dictionary(keys.map { ($0.id, $0) }) { first, _ in first } }

    package subscript(id: String) -> KeyRecord? {
        if let changed = recent[id] { return changed }
        return settled[id]
    }

    /// In no order.
    package var values: [KeyRecord] {
        settled.values.filter { recent[$0.id] == nil } + recent.values.compactMap(\.self)
    }

    package var count: Int { values.count }

    /// The same after some keys became what they are now, or went.
    func changed(_ keys: [(id: String, record: KeyRecord?)]) -> KeyTable {
        var table = self
        for key in keys { table.recent.updateValue(key.record, forKey: key.id) }
        if table.recent.count > Self.few { table = KeyTable(table.values) }
        return table
    }
}
