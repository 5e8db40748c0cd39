internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Which repository a request asks for, as far as its name, its format and its kind go.
struct RepositoryRequest: Sendable {
    let projectName: String
    let name: String
    let kind: RepositoryKind
    let descriptor: FormatDescriptor
    /// nil where there is none of the name yet, and the caller may make it.
    let project: ProjectRecord?

    /// - Throws: what `Caller.project(forCreatingIn:)` throws, `invalidRequest` naming the field.
    init(_ call: APICall) throws {
        let body = call.body
        projectName = body["project"]?.string ?? ""
        name = body["name"]?.string ?? ""
        project = try call.caller.project(forCreatingIn: projectName)
        guard let kind = body["repository_type"]?.string.flatMap(RepositoryKind.init) else {
            throw SaveError.invalid("repository_type", "the field 'repository_type' is missing")
        }
        self.kind = kind
        guard let descriptor = call.context.formats.descriptor(body["format"]?.string ?? "") else {
            let known = call.context.formats.descriptors.map(\.id).joined(separator: ", ")
            throw SaveError.invalid(
                "format",
                "'format' must be one of \(known); others can be loaded: the operator names them in the key 'plugins' of the configuration"
            )
        }
        self.descriptor = descriptor
        try RepositoryRules.checkAbility(kind, descriptor)
    }

    /// What the format says of it.
    ///
    /// - Throws: `invalidRequest` or `unknownField`, naming the field.
    func approval(_ call: APICall) async throws -> RepositoryDraft.Approval {
        try await RepositoryDraft.ask(call.context.formats.type(descriptor.id), kind, JSONObject(), call.body)
    }

    /// Its record as it begins.
    ///
    /// - Parameter project: the one that it is in; nil for a repository that is not going to be made.
    func record(in project: ProjectRecord?, at now: Timestamp) -> RepositoryRecord {
        RepositoryRecord(
            projectID: project?.id ?? 0, project: project?.name ?? projectName, name: name, format: descriptor.id, kind: kind,
            created: now, updated: now)
    }
}
