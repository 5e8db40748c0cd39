internal import Foundation
internal import SavePlatform

/// Settings as JSON text in a column.
enum SettingsText {
    static func encode(_ settings: some Encodable) throws -> SQLValue {
        .text(String(decoding: try JSONEncoder().encode(settings), as: UTF8.self))
    }

    /// Reads settings that this or an earlier version wrote: what the text does not name keeps its default.
    static func decode<Settings: Codable>(_ text: String, defaults: Settings) throws -> Settings {
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
