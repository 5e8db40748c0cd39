internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// A waiver as a request describes it, checked.
struct WaiverDraft: Sendable {
    let record: WaiverRecord

    /// Waivers of one account in one project: everybody may ask, and all are in memory. What was granted and has ended is not counted,
    /// because the account may not delete it; its own requests it may, so that these count until it does.
    static let maxOwn = 200

    /// What the body of a call describes.
    ///
    /// - Throws: `invalidRequest` naming the field; what `project` and `policy` throw; `Denial` for a caller that may not grant what it
    ///   wants granted.
    static func new(_ call: APICall) async throws -> WaiverDraft {
        let body = call.body
        let project = try call.caller.seenProject(body["project"]?.string ?? "")
        let policy = try policy(named: body["policy"]?.string, number: body["policy_id"]?.integer, in: project, call.caller)
        let advisories = body["advisories"]?.array?.compactMap(\.string) ?? []
        try check(policy, takes: advisories)
        let now = call.context.clock.now()
        let state = body["state"]?.string.flatMap(WaiverRecord.State.init) ?? .requested
        let name = call.principal.name?.text ?? ""
        let record = WaiverRecord(
            project: project.id, policy: policy.id,
            package: try await package(body["package"]?.string ?? "", versions: body["versions"]?.string, call.context.formats),
            advisories: advisories, reason: try reason(body["reason"]?.string ?? ""),
            until: try end(body["until"]?.string ?? "", from: now), state: state, requestedBy: name,
            grantedBy: state == .granted ? name : nil, created: now, updated: now)
        if state == .granted { try call.caller.requireGrant(of: record) }
        return WaiverDraft(record: record)
    }

    /// Stores it.
    ///
    /// - Parameter caller: as it is now.
    /// - Throws: `Denial`, `notFound` for what is gone meanwhile, `conflict` for what was asked for already.
    func add(to writing: any MetadataWriting, _ caller: Caller, at now: Timestamp) throws -> WaiverRecord {
        guard let project = caller.project(id: self.record.project) else {
            throw SaveError(.notFound, "there is no such project")
        }
        _ = try caller.seenProject(project.name)
        guard try writing.policies().contains(where: { $0.id == self.record.policy }) else {
            throw SaveError(.notFound, "there is no such policy")
        }
        if self.record.state == .granted { try caller.requireGrant(of: self.record) }
        let own = try writing.waivers().filter {
            $0.project == self.record.project && $0.requestedBy.utf8.elementsEqual(self.record.requestedBy.utf8)
        }
        if let same = own.first(where: { $0.policy == self.record.policy && isSame($0) && now < $0.until }) {
            throw SaveError(
                .conflict,
                "you have asked for this already: change or delete the waiver \(same.id), which is \(same.state.rawValue) until \(same.until.rfc3339)"
            )
        }
        let counted = own.filter { $0.state == .requested || now < $0.until }.count
        guard counted < Self.maxOwn else {
            throw SaveError(
                .conflict,
                "you have \(counted) waivers in this project: delete those requests that you do not need, or ask an owner to end others"
            )
        }
        var record = record
        (record.created, record.updated) = (now, now)
        return try writing.put(record)
    }

    private func isSame(_ other: WaiverRecord) -> Bool {
        other.package.utf8.elementsEqual(record.package.utf8) && Set(other.advisories) == Set(record.advisories)
    }

    // MARK: What it is made of

    /// - Throws: `invalidRequest` naming the field.
    static func policy(
        named name: String?, number: Int64?, in project: ProjectRecord, _ caller: Caller
    ) throws -> PolicyRecord {
        guard (name == nil) != (number == nil) else {
            throw SaveError.invalid("policy", "send 'policy', the name of the policy, or 'policy_id', its number, and not both")
        }
        if let number {
            guard let policy = caller.policy(number: number, in: project) else {
                throw SaveError.invalid("policy_id", "no policy of this number counts in the project \(project.name)")
            }
            return policy
        }
        let found = caller.policies(named: name ?? "", in: project)
        guard let policy = found.first else {
            throw SaveError.invalid(
                "policy", "no policy of this name counts in the project \(project.name): write it as the refusal does")
        }
        guard found.count == 1 else {
            let numbers = found.map { String($0.id) }.joined(separator: ", ")
            throw SaveError.invalid("policy", "several policies have this name: send 'policy_id' instead, one of \(numbers)")
        }
        return policy
    }

    /// - Throws: `invalidRequest` naming the field.
    static func check(_ policy: PolicyRecord, takes advisories: [String]) throws {
        guard policy.action == .deny else {
            throw SaveError.invalid("policy", "the policy \(policy.name) refuses nothing, so that there is nothing to waive")
        }
        guard advisories.isEmpty || policy.match.asksAffectingAdvisories else {
            throw SaveError.invalid(
                "advisories",
                "the policy \(policy.name) does not look at advisories: leave 'advisories' out to waive it as a whole")
        }
    }

    /// The URL of a package as waivers have it: with a version or a range in it that a format of this server can read.
    ///
    /// - Throws: `invalidRequest` naming the field.
    static func package(_ text: String, versions: String?, _ formats: FormatRegistry) async throws -> String {
        var url: PackageURL
        do { url = try PackageURL(text) } catch let error as SaveError { throw SaveError.invalid("package", error.message) }
        if let versions {
            guard url.version == nil else {
                throw SaveError.invalid(
                    "versions", "'package' has a version already: leave 'versions' out, or the part behind the @")
            }
            url = PackageURL(type: url.type, name: url.name, version: versions)
        }
        for descriptor in formats.descriptors {
            do {
                let format = try await formats.make(descriptor.id, settings: JSONObject())
                guard let about = try await RepositoryWaiver.subject(of: url, descriptor.id, format) else { continue }
                return PackageURL(type: url.type, name: about.package.name, version: url.version).description
            } catch let error as SaveError where error.code == .invalidRequest {
                throw SaveError.invalid(versions == nil ? "package" : "versions", error.message)
            }
        }
        throw SaveError.invalid("package", "this server has no packages of the type '\(url.type)'")
    }

    static func reason(_ text: String) throws -> String {
        guard text.utf8.contains(where: { $0 > 0x20 }) else {
            throw SaveError.invalid("reason", "'reason' must say why the versions are needed")
        }
        return text
    }

    /// When a waiver ends.
    ///
    /// - Throws: `invalidRequest` for what is not in the future, and for more than ten years.
    static func end(_ text: String, from now: Timestamp) throws -> Timestamp {
        guard let end = Timestamp(rfc3339: text), now < end, end <= now.adding(seconds: PolicyMatch.maxSeconds) else {
            throw SaveError.invalid("until", "'until' must be in the future, and at most 10 years ahead")
        }
        return end
    }
}
