internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform

/// Where a page of a list ends, as text that only this server can make: what a client sends back is checked before it
/// reaches a query.
enum Cursor {
    private static let macLength = 12

    /// The cursor after a position of a list.
    static func encode(_ position: String, in list: String, key: [UInt8]) -> String {
        Hex.encode(mac(position, list, key) + Array(position.utf8))
    }

    /// The position of a cursor.
    ///
    /// - Throws: `invalidRequest` naming `after` for a text this server did not make for this list.
    static func decode(_ text: String, in list: String, key: [UInt8]) throws -> String {
        guard let bytes = Hex.decode(text), bytes.count >= macLength,
            let position = String(validating: bytes.dropFirst(macLength), as: UTF8.self),
            Secrets.areEqual(Array(bytes.prefix(macLength)), mac(position, list, key))
        else { throw SaveError.invalid("after", "'after' must be a cursor that this list gave as 'next'") }
        return position
    }

    private static func mac(_ position: String, _ list: String, _ key: [UInt8]) -> [UInt8] {
        Array(Secrets.hmacSHA256(key: key, Array("save cursor\0\(list)\0\(position)".utf8)).prefix(macLength))
    }
}

/// A page of a list.
struct Page<Item> {
    var items: [Item]
    /// The position of the last item, when there are more.
    var next: String?

    init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }

    /// Cuts a list that was asked for one item more than the page holds.
    init(_ items: [Item], limit: Int, position: (Item) -> String) {
        let isLast = items.count <= limit
        self.items = isLast ? items : Array(items.prefix(limit))
        next = isLast ? nil : self.items.last.map(position)
    }

    func map<Other>(_ transform: (Item) -> Other) -> Page<Other> { Page<Other>(items: items.map(transform), next: next) }

    func json(_ call: APICall, _ item: (Item) -> JSONValue) -> JSONValue {
        let cursor = next.map { Cursor.encode($0, in: call.route.pattern.text, key: call.context.serverKey) }
        return ["items": .array(items.map(item)), "next": JSONValue(cursor)]
    }
}

extension APICall {
    /// The query items that every list has.
    static let paging = [
        FieldRule("limit", .integer(1...1000), "How many items a page has; 100 by default."),
        FieldRule("after", .form(.cursor), "What the page before gave as next."),
    ]

    var limit: Int { query["limit"].flatMap { Int($0) } ?? 100 }

    /// The position after which the page begins.
    func position() throws -> String? {
        try query["after"].map { try Cursor.decode($0, in: route.pattern.text, key: context.serverKey) }
    }

    /// A page of a list that is in memory and in the order of its positions.
    func page<Item>(_ items: [Item], by position: (Item) -> String, _ json: (Item) -> JSONValue) throws -> HTTPResponse {
        if representation != .json {
            let all = items.map { (position: position($0), json: json($0)) }
            return try export { after, limit in
                let rest = all.drop { item in after.map { item.position <= $0 } ?? false }
                return Page(Array(rest.prefix(limit + 1)), limit: limit, position: \.position).map(\.json)
            }
        }
        let after = try self.position()
        let rest = after.map { after in items.filter { position($0) > after } } ?? items
        return answer(Page(Array(rest.prefix(limit + 1)), limit: limit, position: position).json(self, json))
    }
}
