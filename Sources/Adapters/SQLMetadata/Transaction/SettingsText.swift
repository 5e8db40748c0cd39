internal import FoundationEssentials
internal import Glibc
internal import SavePlatform
internal import Synchronization

/// Settings as JSON text in a column. What was read once is remembered: repositories are read often, and most of their
/// settings are the same few texts.
final class SettingsText: Sendable {
    private let known = Mutex<[String: any Sendable]>([:])
    private static let maxKnown = 4096

    static func encode(_ settings: some Encodable) throws -> SQLValue {
        .text(String(decoding: try JSONEncoder().encode(settings), as: UTF8.self))
    }

    /// Reads settings that this or an earlier version wrote: what the text does not name keeps its default.
    func decode<Settings: Codable & Sendable>(_ text: String, defaults: Settings) throws -> Settings {
        let key = "\(Settings.self):" + text
        if let settings = known.withLock({ $0[key] }) as? Settings { return settings }
        let settings = try Self.read(text, defaults: defaults)
        known.withLock { known in
            if known.count >= Self.maxKnown { known.removeAll() }
            known[key] = settings
        }
        return settings
    }

    private static func read<Settings: Codable>(_ text: String, defaults: Settings) throws -> Settings {
        do {
            var merged = try object(JSONEncoder().encode(defaults))
            for member in try object(Data(text.utf8)).members { merged[member.key] = member.value }
            return try JSONDecoder().decode(Settings.self, from: Data(JSONValue.object(merged).bytes))
        } catch {
            throw SQLColumns.unreadable(error)
        }
    }

    private static func object(_ data: Data) throws -> JSONObject {
        try SQLColumns.present(try JSONValue(parsing: Array(data)).object)
    }
}
