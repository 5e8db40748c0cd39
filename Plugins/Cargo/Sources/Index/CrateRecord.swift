internal import SavePlatform
internal import SaveVersions

/// What this format keeps of a version beside its file.
struct CrateRecord {
    /// The members of its line in the index that follow from nothing else.
    var line: JSONObject
    /// What searches and pages show: description, license and the like, as they were published.
    var about: JSONObject

    private static let lineKey = "index"
    private static let aboutKey = "about"
    /// The package's attribute in which words are looked for.
    static let textKey = "search"
    /// Texts are cut here. Bytes.
    private static let maxTextBytes = 2048

    init(line: JSONObject, about: JSONObject = [:]) {
        self.line = line
        self.about = about
    }

    init(_ record: AssetRecord) {
        line = record.attributes[Self.lineKey]?.object ?? JSONObject()
        about = record.attributes[Self.aboutKey]?.object ?? JSONObject()
    }

    var name: String? { line["name"]?.string }

    var attributes: JSONObject {
        var attributes: JSONObject = [Self.lineKey: .object(line)]
        if !about.isEmpty { attributes[Self.aboutKey] = .object(about) }
        return attributes
    }

    /// What a package is found by besides its name.
    var text: String {
        let words = (about["keywords"]?.array ?? []).compactMap(\.string)
        return Self.cut(([about["description"]?.string].compactMap(\.self) + words).joined(separator: " "))
    }

    /// The newest version: a release before pre-releases, and what is not yanked before what is.
    static func newest(of files: [AssetRecord]) -> AssetRecord? {
        var best: (file: AssetRecord, rank: Int, key: [UInt8])?
        for file in files {
            guard let version = file.version.flatMap({ SemanticVersion(crate: $0) }) else { continue }
            let rank = (file.withdrawn == nil ? 2 : 0) + (version.isPrerelease ? 0 : 1)
            guard let other = best else {
                best = (file, rank, version.key)
                continue
            }
            if rank > other.rank || rank == other.rank && other.key.lexicographicallyPrecedes(version.key) {
                best = (file, rank, version.key)
            }
        }
        return best?.file
    }

    static func cut(_ text: String) -> String {
        text.utf8.count <= maxTextBytes ? text : String(decoding: text.utf8.prefix(maxTextBytes), as: UTF8.self)
    }
}
