package import SaveAccess
internal import SaveHTTP
package import SavePlatform
package import SaveStorage

/// What is known of something that a policy refused: what people read who follow the link in a reason.
package struct RefusalReport: Sendable {
    package let id: Int64
    /// Where the file is: a group passes on what its members refuse.
    package let repository: Repository
    package let policy: PolicyRecord
    /// The name that the format gives the package; nil for a file that belongs to none.
    package let package: String?
    /// nil where the package as a whole was refused, or a file.
    package let version: String?
    /// The path of a file that is of no version.
    package let file: String?
    package let firstRefused: Timestamp
    /// What becomes of it now.
    package let now: PackageVerdict
    /// Those of the package and the policy in the repository's project that have not ended, requested or granted.
    package let waivers: [WaiverRecord]
    /// The URL that a request for a waiver names; nil for what no waiver can be about.
    package let packageURL: PackageURL?

    /// What the policy's author tells clients: the first line of its description. The rest is for callers who may see the policy.
    package var advice: String {
        String(Substring(policy.description.utf8.prefix { $0 != 0x0A && $0 != 0x0D }))
    }

    package init(
        id: Int64, repository: Repository, policy: PolicyRecord, package: String?, version: String?, file: String?,
        firstRefused: Timestamp, now: PackageVerdict, waivers: [WaiverRecord], packageURL: PackageURL?
    ) {
        self.id = id
        self.repository = repository
        self.policy = policy
        self.package = package
        self.version = version
        self.file = file
        self.firstRefused = firstRefused
        self.now = now
        self.waivers = waivers
        self.packageURL = packageURL
    }
}

extension RepositoryAdministration {
    /// What is known of a refusal by its number; nil where there is none. Every caller that may read the repository may know.
    ///
    /// - Parameter mayRead: whether the caller may read the repository. Nothing is found out for others.
    /// - Throws: what asking the rules throws. An upstream may be asked for the package's page, as for any client.
    package func refusal(_ id: Int64, ifReadable mayRead: @Sendable (Repository) -> Bool) async throws -> RefusalReport? {
        let snapshot = sources.upstreams.catalogue.current
        guard let record = try await sources.storage.store.read({ try $0.refusal(id) }),
            let repository = snapshot.repository(id: record.subject.repository), mayRead(repository),
            let policy = snapshot.policies.first(where: { $0.id == record.subject.policy })
        else { return nil }
        let subject = record.subject
        let url = packageURL(of: subject, in: repository)
        return RefusalReport(
            id: id, repository: repository, policy: policy, package: subject.package.isEmpty ? nil : subject.package,
            version: subject.version.isEmpty ? nil : subject.version, file: subject.path.isEmpty ? nil : subject.path,
            firstRefused: record.refused, now: try await verdict(on: subject, in: repository),
            waivers: try await waivers(of: subject, in: repository, snapshot), packageURL: url)
    }

    private func packageURL(of subject: RefusalSubject, in repository: Repository) -> PackageURL? {
        guard !subject.package.isEmpty else { return nil }
        let type = sources.upstreams.catalogue.formats.ecosystem(of: repository.record.format)?.purlType
        return PackageURL(
            type: type ?? repository.record.format, name: subject.package,
            version: subject.version.isEmpty ? "*" : subject.version)
    }

    private func verdict(on subject: RefusalSubject, in repository: Repository) async throws -> PackageVerdict {
        if !subject.version.isEmpty, let url = packageURL(of: subject, in: repository) {
            return try await verdicts(on: [url], in: repository).first ?? PackageVerdict()
        }
        let package = subject.package.isEmpty ? nil : PackageID(normalized: subject.package)
        let id = repository.record.id
        let files: [AssetRecord] =
            if let path = try? AssetPath(subject.path) {
                [
                    try await sources.storage.store.read { try $0.asset(id, path)?.listed }
                        ?? AssetRecord(path: path, package: package)
                ]
            } else {
                [AssetRecord(path: try AssetPath("unknown"), package: package)]
            }
        let facts = PackageFacts(repository: repository, id: package, files: files, isQuestion: true)
        let verdicts = try await sources.fileRules(of: repository).verdicts(on: facts)
        return PackageVerdict(of: files.map { verdicts($0) })
    }

    private func waivers(
        of subject: RefusalSubject, in repository: Repository, _ snapshot: CatalogueSnapshot
    ) async throws -> [WaiverRecord] {
        guard !subject.package.isEmpty else { return [] }
        let now = sources.clock.now()
        var found: [WaiverRecord] = []
        for waiver in snapshot.waivers
        where waiver.project == repository.record.projectID && waiver.policy == subject.policy && now < waiver.until {
            let url = try PackageURL(waiver.package)
            guard
                let about = try? await RepositoryWaiver.subject(of: url, repository.record.format, repository.format),
                about.package.name.utf8.elementsEqual(subject.package.utf8)
            else { continue }
            found.append(waiver)
        }
        return found
    }
}
