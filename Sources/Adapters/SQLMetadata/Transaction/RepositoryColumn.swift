internal import SavePlatform
internal import SaveStorage

/// A column of `repositories` with a part of the record that no repository needs to name when it is made.
package struct RepositoryColumn: Sendable {
    package let name: String
    let value: @Sendable (RepositoryRecord) throws -> SQLValue
    let read: @Sendable (inout RepositoryRecord, inout SQLColumns, SettingsText) throws -> Void

    /// In the order in which statements name them, behind `required`.
    package static let all: [RepositoryColumn] = [
        RepositoryColumn(
            name: "description", value: { .text($0.description) },
            read: { repository, row, _ in repository.description = try row.text() }),
        flag("online", \.online), flag("anonymous_read", \.anonymousRead), flag("audit_downloads", \.auditDownloads),
        text("hosted", \.hosted), text("proxy", \.proxy), text("group_settings", \.group),
        RepositoryColumn(
            name: "settings", value: { .json($0.settings) },
            read: { repository, row, _ in repository.settings = try row.object() }),
    ]

    /// The columns that every repository has to fill.
    private static let required = ["project_id", "name", "format", "kind", "created", "updated"]

    private static func flag(_ name: String, _ path: any WritableKeyPath<RepositoryRecord, Bool> & Sendable) -> Self {
        Self(
            name: name, value: { .bool($0[keyPath: path]) },
            read: { repository, row, _ in repository[keyPath: path] = try row.bool() })
    }

    /// Settings as JSON; what a stored text does not name has the default that a new record has.
    private static func text<Settings: Codable & Sendable>(
        _ name: String, _ path: any WritableKeyPath<RepositoryRecord, Settings> & Sendable
    ) -> Self {
        Self(
            name: name, value: { try SettingsText.encode($0[keyPath: path]) },
            read: { repository, row, known in
                repository[keyPath: path] = try known.decode(try row.text(), defaults: repository[keyPath: path])
            })
    }

    /// Every repository, with the name of its project.
    static let selection: String = {
        let columns = (required + all.map(\.name)).map { "r." + $0 }.joined(separator: ", ")
        return
            "SELECT r.id, p.name, \(columns) FROM repositories r JOIN projects p ON p.id = r.project_id ORDER BY p.name, r.name"
    }()

    /// A row of `selection`.
    static func repository(from row: inout SQLColumns, _ settings: SettingsText) throws -> RepositoryRecord {
        let (id, project) = (try row.integer(), try row.text())
        var repository = RepositoryRecord(
            id: id, projectID: try row.integer(), project: project, name: try row.text(), format: try row.text(),
            kind: try row.choice(), created: try row.time(), updated: try row.time())
        for column in all { try column.read(&repository, &row, settings) }
        return repository
    }

    /// Adds a repository, and answers its id.
    static let insertion: String = {
        let columns = required + all.map(\.name)
        let places = columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        return "INSERT INTO repositories (\(columns.joined(separator: ", "))) VALUES (\(places)) RETURNING id"
    }()

    /// Replaces a repository, whose id comes behind `values`.
    static let replacement: String = {
        let columns = required + all.map(\.name)
        let changes = columns.indices.map { "\(columns[$0]) = $\($0 + 1)" }.joined(separator: ", ")
        return "UPDATE repositories SET \(changes) WHERE id = $\(columns.count + 1)"
    }()

    /// The values for `insertion` and `replacement`.
    static func values(of repository: RepositoryRecord) throws -> [SQLValue] {
        let required: [SQLValue] = [
            .integer(repository.projectID), .text(repository.name), .text(repository.format), .text(repository.kind.rawValue),
            .time(repository.created), .time(repository.updated),
        ]
        return required + (try all.map { try $0.value(repository) })
    }
}
