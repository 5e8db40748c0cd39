internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

extension APICall {
    /// A repository as clients see it. No secret is in it.
    func json(_ repository: Repository) -> JSONValue {
        let record = repository.record
        var object: JSONObject = [
            "project": .string(record.project), "name": .string(record.name), "format": .string(record.format),
            "repository_type": .string(record.kind.rawValue),
        ]
        for field in RepositoryField.common { add(field, of: repository, to: &object) }
        object["created_at"] = .string(record.created.rfc3339)
        object["updated_at"] = .string(record.updated.rfc3339)
        object["url"] = .string(origin + repository.basePath)
        let own = RepositoryField.own.filter { $0.kinds.contains(record.kind) }
        if caller.manages(repository) {
            for field in own where field.isForManagers { add(field, of: repository, to: &object) }
            if record.kind == .proxy { addState(of: repository, to: &object) }
        }
        for field in own where !field.isForManagers { add(field, of: repository, to: &object) }
        if record.kind == .group {
            object["warnings"] = .array(GroupWarnings.of(repository, for: caller).map(JSONValue.string))
        }
        add(RepositoryField.settings, of: repository, to: &object)
        return .object(object)
    }

    private func add(_ field: RepositoryField, of repository: Repository, to object: inout JSONObject) {
        guard field.schema != nil else { return }
        object[field.name] = field.show?(self, repository) ?? field.read?(repository.record)
    }

    /// How it stands with a proxy's upstream: for those who manage the repository, not for everybody who may read it.
    private func addState(of repository: Repository, to object: inout JSONObject) {
        let state = context.operations.upstreamState(of: repository)
        object["upstream_state"] = state?.json ?? .null
        var warnings: [String] = []
        if let host = URLOrigin(of: repository.record.proxy.remoteURL)?.host, context.outbound?.allowsByName(host) == false {
            warnings.append(AddressGuard.refusal(of: host).message)
        }
        if let failure = state?.failure, state?.isAvailable != true, !warnings.contains(failure) {
            warnings.append("the upstream was asked, and failed: \(failure)")
        }
        object["warnings"] = .array(warnings.map(JSONValue.string))
    }

    /// Where the server is for its clients; empty where the request does not say.
    private var origin: String { context.publicAddress?.text ?? request.origin ?? "" }
}
