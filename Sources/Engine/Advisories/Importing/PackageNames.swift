internal import SaveAccess
internal import SavePlatform

/// Gives the packages of records the keys that their formats have for them, many in one question.
struct PackageNames {
    private let formats: [String: IsolatedFormat<any PackageVersioning>]

    init(of database: AdvisoryDatabase) async throws {
        var formats: [String: IsolatedFormat<any PackageVersioning>] = [:]
        for name in database.formats.entries.compactMap(\.ecosystem?.name) { formats[name] = try await database.format(of: name) }
        self.formats = formats
    }

    var ecosystems: [String] { formats.keys.sorted() }

    /// The records that are about a package of an ecosystem of this server.
    func records(of read: [RecordReader.Record]) async throws -> [AdvisoryRecord] {
        var packages = [[AdvisoryRecord.Package]](repeating: [], count: read.count)
        for (ecosystem, format) in formats {
            let wanted = read.map { $0.facts.packages.filter { ASCII.isEqual($0.ecosystem, ecosystem) }.map(\.name) }
            guard wanted.contains(where: { !$0.isEmpty }) else { continue }
            let found = try await format.ask { format in wanted.map { $0.compactMap(format.package(named:)) } }
            for (index, ids) in found.enumerated() {
                var seen: Set<PackageID> = []
                packages[index] += ids.filter { seen.insert($0).inserted }.map { .init(ecosystem: ecosystem, id: $0) }
            }
        }
        return zip(read, packages).compactMap { record, packages in
            guard !packages.isEmpty, let modified = record.facts.modified else { return nil }
            var seen: Set<String> = []
            let names = ([record.facts.id] + record.facts.aliases).map(ASCII.lowercased).filter { seen.insert($0).inserted }
            return AdvisoryRecord(
                id: record.facts.id, modified: modified, names: names, packages: packages, document: record.document)
        }
    }
}
