internal import SavePlatform
internal import SaveStorage
extension InMemoryTransaction {
    func projects() -> [ProjectRecord] { tables.projects.values.sorted { $0.name.precedes($1.name) } }

    func repositories() -> [RepositoryRecord] {
        tables.repositories.values.map(withProjectName).sorted { left, right in
            left.project == right.project ? left.name.precedes(right.name) : left.project.precedes(right.project)
        }
    }

    func members() -> [MemberRecord] {
        tables.members.values.sorted { left, right in
            left.project == right.project
                ? left.principal.text.precedes(right.principal.text) : left.project < right.project
        }
    }

    private func withProjectName(_ repository: RepositoryRecord) -> RepositoryRecord {
        var repository = repository
        repository.project = tables.projects[repository.projectID]?.name ?? ""
        return repository
    }

    func put(_ project: ProjectRecord) throws -> ProjectRecord {
        var project = project
        if tables.projects.values.contains(where: { $0.name == project.name && $0.id != project.id }) { throw Self.taken }
        if project.id == 0 { project.id = newID() } else if tables.projects[project.id] == nil { throw Self.absent }
        tables.projects[project.id] = project
        return project
    }

    func deleteProject(_ id: Int64) throws {
        guard !tables.repositories.values.contains(where: { $0.projectID == id }),
            !tables.robots.values.contains(where: { $0.project == id })
        else { throw SaveError(.conflict, "the project still has repositories or robots") }
        tables.projects[id] = nil
        tables.members = tables.members.filter { $0.key.project != id }
        tables.policies = tables.policies.filter { $0.value.scope != .project(id) }
        tables.waivers = tables.waivers.filter { $0.value.project != id }
        removeWhatHasNoPolicy()
    }

    func put(_ repository: RepositoryRecord) throws -> RepositoryRecord {
        var repository = repository
        guard tables.projects[repository.projectID] != nil else { throw Self.unrelated }
        let isTaken = tables.repositories.values.contains {
            $0.projectID == repository.projectID && $0.name == repository.name && $0.id != repository.id
        }
        if isTaken { throw Self.taken }
        if repository.id == 0 {
            repository.id = newID()
        } else if tables.repositories[repository.id] == nil {
            throw Self.absent
        }
        tables.repositories[repository.id] = repository
        return withProjectName(repository)
    }

    func deleteRepository(_ id: Int64) {
        tables.repositories[id] = nil
        tables.packages[id] = nil
        tables.assets[id] = nil
        tables.retired[id] = nil
        tables.indexes[id] = nil
        tables.sightings[id] = nil
        tables.anomalies[id] = nil
        tables.policies = tables.policies.filter { $0.value.scope != .repository(id) }
        tables.refusals = tables.refusals.filter { $0.value.subject.repository != id }
        removeWhatHasNoPolicy()
    }

    func put(_ member: MemberRecord) throws {
        guard tables.projects[member.project] != nil else { throw Self.unrelated }
        tables.members[.init(project: member.project, principal: member.principal)] = member
    }

    func deleteMember(project: Int64, _ principal: PrincipalName) -> Bool {
        tables.members.removeValue(forKey: .init(project: project, principal: principal)) != nil
    }

    func policies() -> [PolicyRecord] { tables.policies.values.sorted(by: PolicyRecord.precedes) }

    func put(_ policy: PolicyRecord) throws -> PolicyRecord {
        var policy = policy
        let isRelated =
            switch policy.scope {
            case .server: true
            case .project(let id): tables.projects[id] != nil
            case .repository(let id): tables.repositories[id] != nil
            }
        guard isRelated else { throw Self.unrelated }
        let isTaken = tables.policies.values.contains {
            $0.scope == policy.scope && $0.name.utf8.elementsEqual(policy.name.utf8) && $0.id != policy.id
        }
        if isTaken { throw Self.taken }
        if policy.id == 0 { policy.id = newID() } else if tables.policies[policy.id] == nil { throw Self.absent }
        tables.policies[policy.id] = policy
        return policy
    }

    func deletePolicy(_ id: Int64) {
        tables.policies[id] = nil
        removeWhatHasNoPolicy()
    }

    private func removeWhatHasNoPolicy() {
        tables.waivers = tables.waivers.filter { tables.policies[$0.value.policy] != nil }
        tables.refusals = tables.refusals.filter { tables.policies[$0.value.subject.policy] != nil }
    }

    func waivers() -> [WaiverRecord] { tables.waivers.values.sorted { $0.id < $1.id } }

    func put(_ waiver: WaiverRecord) throws -> WaiverRecord {
        var waiver = waiver
        guard tables.projects[waiver.project] != nil, tables.policies[waiver.policy] != nil else { throw Self.unrelated }
        if waiver.id == 0 { waiver.id = newID() } else if tables.waivers[waiver.id] == nil { throw Self.absent }
        tables.waivers[waiver.id] = waiver
        return waiver
    }

    func deleteWaiver(_ id: Int64) { tables.waivers[id] = nil }

    func refusal(_ id: Int64) -> RefusalRecord? { tables.refusals[id] }

    func refusal(of subject: RefusalSubject) -> RefusalRecord? {
        tables.refusals.values.first { $0.subject.hasBytes(of: subject) }
    }

    func refusals(_ repository: Int64, package: String) -> [RefusalRecord] {
        tables.refusals.values.filter { record in
            record.subject.repository == repository && record.subject.package.utf8.elementsEqual(package.utf8)
        }.sorted { $0.id < $1.id }
    }

    func put(_ refusal: RefusalRecord) throws -> RefusalRecord {
        if let known = self.refusal(of: refusal.subject) { return known }
        guard tables.repositories[refusal.subject.repository] != nil, tables.policies[refusal.subject.policy] != nil else {
            throw Self.unrelated
        }
        var refusal = refusal
        refusal.id = newID()
        tables.refusals[refusal.id] = refusal
        return refusal
    }

    func deleteRefusals(through id: Int64) { tables.refusals = tables.refusals.filter { $0.key > id } }

    func sighting(_ repository: Int64, _ path: AssetPath, digest: String) -> Timestamp? {
        guard let sighting = tables.sightings[repository]?[path.plain], sighting.digest == digest else { return nil }
        return sighting.seen
    }

    func put(_ sighting: FileSighting) throws {
        guard tables.repositories[sighting.repository] != nil else { throw Self.unrelated }
        let path = sighting.path.plain
        if tables.sightings[sighting.repository]?[path]?.digest != sighting.digest {
            tables.sightings[sighting.repository, default: [:]][path] = .init(digest: sighting.digest, seen: sighting.seen)
        }
    }

    func anomalies(_ repository: Int64, package: PackageID) -> [ObservedAnomaly] {
        func key(_ anomaly: ObservedAnomaly) -> [UInt8] { Array((anomaly.kind.rawValue + "\u{0}" + anomaly.subject).utf8) }
        return (tables.anomalies[repository] ?? []).filter { $0.package == package }.sorted {
            key($0).lexicographicallyPrecedes(key($1))
        }
    }

    func put(_ anomaly: ObservedAnomaly) throws -> Bool {
        guard tables.repositories[anomaly.repository] != nil else { throw Self.unrelated }
        let isKnown = anomalies(anomaly.repository, package: anomaly.package).contains {
            $0.kind == anomaly.kind && $0.subject.utf8.elementsEqual(anomaly.subject.utf8)
        }
        if !isKnown { tables.anomalies[anomaly.repository, default: []].append(anomaly) }
        return !isKnown
    }

    func deleteAnomalies(_ repository: Int64) { tables.anomalies[repository] = nil }
}

extension RefusalSubject {
    /// Equality as databases have it: Swift takes some different texts for equal.
    fileprivate func hasBytes(of other: RefusalSubject) -> Bool {
        repository == other.repository && policy == other.policy && package.utf8.elementsEqual(other.package.utf8)
            && version.utf8.elementsEqual(other.version.utf8) && path.utf8.elementsEqual(other.path.utf8)
    }
}
