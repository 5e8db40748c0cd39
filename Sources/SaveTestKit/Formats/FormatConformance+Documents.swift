internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Documents of the repository itself (`IndexKey.document`).
extension FormatConformance {
    /// The document that a path leads to.
    func documentKey(at path: String, _ format: any RepositoryFormat) -> IndexKey? {
        guard case .index(let key, _) = try? route(format, .get, path), case .document = key else { return nil }
        return key
    }

    func documentKeys(_ format: any RepositoryFormat) -> [IndexKey] { paths.compactMap { documentKey(at: $0, format) } }

    /// A hosted repository without a file, a proxy whose upstream is not there and a group without members have them alike.
    func documents(_ format: any RepositoryFormat) async throws -> [String] {
        let documents = paths.filter { documentKey(at: $0, format) != nil }
        let isPublic = { (path: String) in
            if case .document(_, isPublic: true) = documentKey(at: path, format) { true } else { false }
        }
        var found: [String] = []
        switch (abilities.contains(.publicDocuments), documents.contains(where: isPublic)) {
        case (true, false): found.append("claims documents that everybody may read, and no path shows one")
        case (false, true): found.append("has a document that everybody may read without the ability")
        default: break
        }
        guard !documents.isEmpty else { return found }
        let platform = try await InMemoryPlatform(type)
        let kinds: [(FormatAbilities, String, RepositoryKind)] = [
            (.hosted, "hosted", .hosted), (.proxy, "proxy", .proxy), (.group, "group", .group),
        ]
        var first: [String: Answer] = [:]
        for (ability, name, kind) in kinds where abilities.contains(ability) {
            try await platform.add(name, kind, upstream: kind == .proxy ? "nothing" : nil)
            for path in documents {
                let below = String(path.drop { $0 == "/" })
                let shown = try await answer(platform, name, below)
                if shown.status != 200 { found.append("GET \(path): the \(name) answers \(shown.status): \(shown.text)") }
                let other = first[path, default: shown]
                if shown != other { found.append("GET \(path): the \(name) \(shown.difference(from: other))") }
                first[path] = other
                let toAll = await platform.send(.get, platform.path(of: name) + below, headers: InMemoryPlatform.nobody).status
                let expected = isPublic(path) && abilities.contains(.publicDocuments) ? 200 : 401
                if toAll != expected { found.append("GET \(path): the \(name) answers nobody in particular with \(toAll)") }
            }
        }
        return found
    }
}
