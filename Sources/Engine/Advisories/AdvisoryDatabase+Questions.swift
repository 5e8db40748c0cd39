internal import SaveAccess
package import SavePlatform

/// A package that is asked about, as people and clients name it.
package struct AdvisoryQuestion: Sendable, Hashable {
    package let package: PackageID
    package let ecosystem: String
    /// nil for all versions.
    package let version: KeyedVersion?
}

extension AdvisoryDatabase {
    /// Reads the name and the version of a package as its format does; nil where no format of this server is of that ecosystem, or the
    /// name is none.
    ///
    /// - Parameter ecosystem: in the OSV schema; what follows a colon does not count.
    package func question(_ name: String, in ecosystem: String, version: String?) async throws -> AdvisoryQuestion? {
        let base = String(Substring(ecosystem.utf8.prefix { $0 != UInt8(ascii: ":") }))
        guard let format = try await format(of: base) else { return nil }
        return try await format.ask { format in
            guard let package = format.package(named: name) else { return nil }
            let version = version.flatMap { $0.isEmpty ? nil : KeyedVersion($0, key: format.sortKey(of: $0)) }
            return AdvisoryQuestion(package: package, ecosystem: base, version: version)
        }
    }

    /// The same of a package URL.
    package func question(_ url: PackageURL) async throws -> AdvisoryQuestion? {
        guard let ecosystem = formats.entry(where: { ASCII.isEqual($0.purlType, url.type) })?.ecosystem else { return nil }
        return try await question(url.name, in: ecosystem.name, version: url.version)
    }

    /// Each advisory once, the worst first.
    package func advisories(about question: AdvisoryQuestion) async throws -> [Advisory] {
        let known = try await advisories(of: question.package, in: question.ecosystem)
        return question.version.map(known.affecting) ?? known.advisories
    }

    /// Each record by itself, in the order of their ids.
    package func records(about question: AdvisoryQuestion) async throws -> [Advisory] {
        let known = try await advisories(of: question.package, in: question.ecosystem)
        guard let version = question.version else { return known.entries.map(\.advisory).filter { $0.withdrawn == nil } }
        return known.records(affecting: version)
    }

    /// What formats are told of a package (`AdvisoryAnswering`): the advisories that affect one of some versions, each once.
    ///
    /// - Throws: `CancellationError` when the task is cancelled, and where the advisories cannot be read.
    package func notices(of name: String, versions: Set<String>, in ecosystem: String) async throws -> [JSONObject] {
        guard let question = try await question(name, in: ecosystem, version: nil), let format = try await format(of: ecosystem)
        else { return [] }
        let known = try await advisories(of: question.package, in: question.ecosystem)
        guard !known.isEmpty else { return [] }
        let asked = try await format.ask(on: pool) { format in versions.map { KeyedVersion($0, key: format.sortKey(of: $0)) } }
        var affecting: Set<String> = []
        for entry in known.entries {
            try Task.checkCancellation()
            if asked.contains(where: entry.affects) { affecting.insert(entry.advisory.id) }
            await Task.yield()
        }
        // Put together of the records that affect a version, as every other answer about it is.
        let groups = known.groups { affecting.contains($0.advisory.id) }
        guard !groups.isEmpty else { return [] }
        let records = try await records(affecting, of: question.package, in: question.ecosystem)
        let names = Set(records.values.flatMap { $0.affected.map(\.name) })
        let wanted = try await format.ask { format in names.filter { format.package(named: $0) == question.package } }
        return groups.map { group in
            // The record that gives the id comes first.
            let ids = [group.advisory.id] + group.records.filter { $0 != group.advisory.id }
            return OSVRecord.notice(of: group.advisory, ids.compactMap { records[$0] }) {
                ASCII.isEqual($0, question.ecosystem) && wanted.contains($1)
            }
        }
    }

    /// A record as it was imported; nil for none of this id.
    package func document(_ id: String) async throws -> [UInt8]? {
        try await documents(named: id).first {
            OSVRecord($0).map { ASCII.isEqual(ASCII.lowercased($0.id), ASCII.lowercased(id)) } ?? false
        }
    }

    /// The advisory of a name, put together of all records that have it: with every package that they are about.
    package func advisory(named name: String) async throws -> (advisory: Advisory, documents: [[UInt8]])? {
        let documents = try await documents(named: name)
        let records = documents.compactMap(OSVRecord.init)
        let advisories = records.map { $0.advisory(for: $0.affected) }
        let current = advisories.filter { $0.withdrawn == nil }
        guard let advisory = AliasGroups.merged(current.isEmpty ? Array(advisories.prefix(1)) : current) else { return nil }
        return (advisory, documents)
    }
}
