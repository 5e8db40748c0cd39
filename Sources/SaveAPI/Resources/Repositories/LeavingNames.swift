internal import SavePlatform
internal import SaveStorage

/// What becomes of the names of hosted packages that leave a group: with its member gone, a group would take them from an
/// upstream, where anybody may have published under them.
struct LeavingNames {
    /// What the caller asks for.
    enum Choice: String, CaseIterable {
        /// The group reserves them: no upstream is asked for them.
        case reserve
        /// They are given up.
        case release
    }

    static let rule = FieldRule(
        "names", .choice(Choice.allCases.map(\.rawValue)),
        "Where hosted packages leave a group by this: reserve adds their names to its reserved_names, release gives them up to the other members."
    )

    let choice: Choice?
    let call: APICall

    init(_ call: APICall) {
        self.call = call
        choice = call.query["names"].flatMap(Choice.init)
    }

    /// Settles what happens to the names that a group had and has no more.
    ///
    /// - Parameters:
    ///   - before: the group's members before the change.
    ///   - group: the group after it; gets the names where the caller wants them reserved.
    /// - Returns: how many names were reserved.
    /// - Throws: `conflict` where the caller has not said what is to happen.
    func settle(_ before: [Int64], _ group: inout RepositoryRecord, in reading: any MetadataReading) throws -> Int {
        let kinds = try reading.kinds()
        let lost = try reading.reach(of: before).subtracting(try reading.reach(of: group.group.members))
        let names = Set(try lost.filter { kinds[$0] == .hosted }.flatMap { try Self.names(of: $0, reading) })
        guard !names.isEmpty, try reachesUpstream(group, kinds, reading) else { return 0 }
        switch choice {
        case nil:
            throw SaveError(
                .conflict,
                "the group \(group.coordinates) would take the \(names.count) names of the hosted packages that leave it from an upstream: say ?names=reserve to keep them reserved there, or ?names=release to give them up",
                details: ["groups": group.coordinates, "field": "names"])
        case .release: return 0
        case .reserve:
            let reserved = group.group.reservedNames
            let added = names.filter { name in !reserved.contains { $0.covers(name) } }
            guard reserved.count + added.count <= RepositoryRules.maxReservedNames else {
                throw SaveError(
                    .conflict,
                    "\(added.count) names are more than the \(RepositoryRules.maxReservedNames) that reserved_names takes: list patterns such as acme-* there, and then give the names up"
                )
            }
            guard !added.isEmpty else { return 0 }
            group.group.reservedNames += added.map(\.name).sorted().map(NamePattern.init(rawValue:))
            // Names that come in addition bind a member only where the caller manages it.
            let managed = try call.asOfNow().caller.managed(Set(group.group.boundMembers))
            group.group.boundMembers.removeAll { !managed.contains($0) }
            return added.count
        }
    }

    /// Whether the group, or one that it is part of, has an upstream.
    private func reachesUpstream(
        _ group: RepositoryRecord, _ kinds: [Int64: RepositoryKind], _ reading: any MetadataReading
    ) throws -> Bool {
        let outer = try reading.groups(reaching: group.id)
        let reach = try reading.reach(of: group.group.members + outer.flatMap(\.group.members))
        return reach.contains { kinds[$0] == .proxy }
    }

    /// The packages of a hosted repository, also those of which only the names of deleted files are left: while the repository is
    /// a member, these keep the name of their package from an upstream as well.
    private static func names(of repository: Int64, _ reading: any MetadataReading) throws -> [PackageID] {
        let present = try all { try reading.packages(repository, after: $0, limit: $1, matching: nil).map(\.id) }
        return try present + all { try reading.packagesOfRetiredNames(repository, after: $0, limit: $1) }
    }

    private static func all(_ page: (_ after: PackageID?, _ limit: Int) throws -> [PackageID]) throws -> [PackageID] {
        var names: [PackageID] = []
        while true {
            let next = try page(names.last, 1000)
            names += next
            guard next.count == 1000 else { return names }
        }
    }
}
