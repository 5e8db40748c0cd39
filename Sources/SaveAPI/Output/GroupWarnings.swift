internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// What a group's settings risk, in sentences for its administrators.
enum GroupWarnings {
    static func of(_ group: Repository, for caller: Caller) -> [String] {
        let members = caller.leaves(of: group).map(\.record)
        guard group.record.group.policy == .union, let proxy = members.first(where: { $0.kind == .proxy }) else { return [] }
        let others = members.filter { $0.id != proxy.id }.map(\.coordinates)
        guard !others.isEmpty else { return [] }
        let hosted = members.contains { $0.kind == .hosted }
        return [
            "with policy union, everybody who can publish to the upstream of \(proxy.coordinates) can add versions to "
                + (hosted ? "packages that are hosted here" : "packages of \(others.joined(separator: ", "))")
                + "; use first_owner, or list your names in reserved_names"
        ]
    }
}
