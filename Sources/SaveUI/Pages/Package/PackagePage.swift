internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// A package, or a version of it: the line that installs it first, then what its authors say, what there is, and why.
enum PackagePage {
    /// Versions on a page.
    static let rows = 100

    static func answer(_ call: PageCall) async throws -> PageAnswer {
        let repository = try call.viewer.repository(format: call.path[0], project: call.path[1], name: call.path[2])
        if repository.naming == nil { return try await FilePage.answer(repository, call) }
        guard let (package, version) = try await place(repository, Array(call.path.dropFirst(3)), call) else {
            throw SaveError(.packageNotFound, "there is no such package here: check the name")
        }
        let leaves = call.viewer.leaves(of: repository)
        let state = call.context.administration.state(of: package, in: [repository] + leaves)
        // Visitors, and the programs that follow every link, make no work for upstreams.
        let refresh = call.session != nil && call.asked("refresh") == "true"
        let facts = try await facts(of: package, in: repository, call, refresh: refresh)
        let shown = facts.versions.first { ASCII.isEqual($0.version, version ?? "") }
        if version != nil, shown == nil {
            throw SaveError(.packageNotFound, "there is no version '\(version ?? "")' of \(facts.displayName) here")
        }
        let release = await ReleaseText.find(in: facts, of: shown, for: repository, call)
        let page = PackageView(
            repository: repository, facts: facts, shown: shown, release: release, setUp: await SetUp(of: repository, call))
        var answer = try await page.answer(call)
        // Other parts show what is kept elsewhere.
        let isOfPackage = ["", "versions", "files", "dependencies", "explain"].contains(call.asked("tab") ?? "")
        if isOfPackage, call.asked("refresh") == nil { answer.state = state }
        return answer
    }

    /// What the segments behind the repository name: a package, and a version where there is one more. Where both could be, it is the
    /// version if it is known, such as a pre-release of a Go module, which could be the path of another. A format that fails is not
    /// asked what it means: the name is taken as it is written.
    private static func place(
        _ repository: Repository, _ segments: [String], _ call: PageCall
    ) async throws -> (PackageID, version: String?)? {
        guard let place = try await readings(repository, segments) else { return nil }
        if let (package, version) = place.other,
            let facts = try? await facts(of: package, in: repository, call, refresh: false),
            facts.versions.contains(where: { ASCII.isEqual($0.version, version) })
        {
            return (package, version)
        }
        return place.first
    }

    /// - Returns: what the segments name at first sight, and the version that they could name as well.
    private static func readings(
        _ repository: Repository, _ segments: [String]
    ) async throws -> (first: (PackageID, version: String?), other: (PackageID, version: String)?)? {
        guard let naming = repository.naming else { return nil }
        let whole = segments.joined(separator: "/")
        let shorter = segments.dropLast().joined(separator: "/")
        do {
            return try await naming.ask { format in
                let versioned = format.package(named: shorter).flatMap { package in segments.last.map { (package, version: $0) } }
                if let package = format.package(named: whole) {
                    let isVersion = versioned.flatMap { (format as? any PackageVersioning)?.sortKey(of: $0.version) } != nil
                    return ((package, nil), isVersion ? versioned : nil)
                }
                return versioned.map { (($0.0, $0.version), nil) }
            }
        } catch {
            return ((PackageID(normalized: whole), nil), nil)
        }
    }

    static func facts(
        of package: PackageID, in repository: Repository, _ call: PageCall, refresh: Bool
    ) async throws -> PackageFacts {
        let explanation = try await call.context.administration.explain(package, in: repository, refresh: refresh)
        var facts = PackageFacts(explanation.shown(where: call.viewer.manages, linkingFrom: call.origin))
        if call.session == nil { facts = facts.withoutTrouble() }
        guard facts.isKnown else {
            throw SaveError(.packageNotFound, "there is no package '\(package)' in \(repository.record.coordinates)")
        }
        // What a format that fails would say of its versions is left out.
        let versions = facts.versions.map(\.version)
        if let keys = try? await repository.versioning?.ask({ format in
            Dictionary(versions.compactMap { version in format.sortKey(of: version).map { (version, $0) } }) { first, _ in first }
        }) {
            facts.order(by: keys)
        }
        let attributes = facts.members.first { $0.state == "answers" }?.attributes
        if let said = try? await repository.describing?.ask({ format in
            (pre: Set(versions.filter(format.isPrerelease)), status: attributes.flatMap(format.status))
        }) {
            for place in facts.versions.indices where said.pre.contains(facts.versions[place].version) {
                facts.versions[place].isPrerelease = true
            }
            facts.status = said.status
        }
        facts.displayName = try await displayName(of: package, in: repository, call)
        return facts
    }

    private static func displayName(of package: PackageID, in repository: Repository, _ call: PageCall) async throws -> String {
        let leaves = call.viewer.leaves(of: repository, for: package).map(\.record.id)
        return try await call.context.store.read { reading in
            for leaf in leaves {
                if let package = try reading.package(leaf, package) { return package.displayName }
            }
            return package.name
        }
    }
}
