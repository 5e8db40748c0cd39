internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What was published last in the repositories that somebody may read, by the audit trail.
struct RecentPublishes: Sendable {
    private struct Entry: Sendable {
        let repository: Repository
        /// nil for a file of no package.
        let package: String?
        let version: String?
        let path: String
        let actor: String
        let time: Timestamp
    }

    private static let shown = 10
    /// Records that are looked at, newest first, and how long: a page does not wait for those of long ago.
    private static let looked = 200
    private static let patience = Duration.milliseconds(10)

    private let entries: [Entry]

    init(_ call: PageCall) async throws {
        let viewer = call.viewer
        let hosted = viewer.repositories.filter { $0.record.kind == .hosted }
        guard !hosted.isEmpty else {
            entries = []
            return
        }
        let places = Dictionary(hosted.map { ($0.record.coordinates, $0) }) { first, _ in first }
        entries = try await call.context.store.read { reading in
            var query = AuditQuery(limit: Self.looked, patience: Self.patience)
            query.action = "file.upload"
            var found: [Entry] = []
            var seen: Set<[UInt8]> = []
            for record in try reading.audit(query).records where record.outcome == .ok && found.count < Self.shown {
                guard let (coordinates, path) = Self.place(record.resource), let repository = places[coordinates] else {
                    continue
                }
                let entry = Entry(
                    repository: repository, package: record.details["package"]?.string,
                    version: record.details["version"]?.string,
                    path: path.text, actor: record.actor, time: record.time)
                let key = "\(coordinates) \(entry.package.map { "\($0) \(entry.version ?? "")" } ?? entry.path)"
                // A file that was deleted since is not told of.
                guard seen.insert(Array(key.utf8)).inserted, try reading.asset(repository.record.id, path) != nil else {
                    continue
                }
                found.append(entry)
            }
            return found
        }
    }

    /// `project/repository/path`, in two.
    private static func place(_ resource: String) -> (coordinates: String, path: AssetPath)? {
        let bytes = resource.utf8
        guard let first = bytes.firstIndex(of: UInt8(ascii: "/")),
            let second = bytes[bytes.index(after: first)...].firstIndex(of: UInt8(ascii: "/")),
            let path = try? AssetPath(String(Substring(bytes[bytes.index(after: second)...])))
        else { return nil }
        return (String(Substring(bytes[..<second])), path)
    }

    func html(_ call: PageCall) -> HTML {
        guard !entries.isEmpty else { return "" }
        let isSignedIn = call.session != nil
        let rows = entries.map { entry -> [HTML] in
            let repository = entry.repository
            let name: HTML
            if let package = entry.package, repository.naming != nil {
                name = "<a href=\"\(call.links.package(package, in: repository))\">\(package)</a>"
            } else {
                name = "<a href=\"\(call.links.package(entry.path, in: repository))\">\(entry.path)</a>"
            }
            let version: HTML =
                entry.version.map { version in
                    guard let package = entry.package, repository.naming != nil else { return "\(version)" }
                    return "<a href=\"\(call.links.package(package, version: version, in: repository))\">\(version)</a>"
                } ?? ""
            let place: HTML = "<a href=\"\(call.links.repository(repository))\">\(repository.record.coordinates)</a>"
            return [name, version, place] + (isSignedIn ? ["\(entry.actor)"] : []) + [Parts.time(entry.time, now: call.now)]
        }
        let headings = ["What", "Version", "Repository"] + (isSignedIn ? ["By"] : []) + ["When"]
        return "<h2>Published lately</h2>\(Parts.table(headings, id: "recent", rows))"
    }
}
