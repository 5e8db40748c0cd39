internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// What is known against a package, and what speaks for it: advisories, what rules refuse, who vouches for it, what was odd.
struct SecuritySection {
    let view: PackageView

    func html(_ call: PageCall) async throws -> HTML {
        """
        <h2>Advisories</h2>
        \(try await advisories(call))
        \(refused)
        <h2>Provenance</h2>
        \(provenance)
        \(oddities(call))
        """
    }

    private func advisories(_ call: PageCall) async throws -> HTML {
        guard call.session != nil else {
            return "<p><a href=\"\(call.links.login(returningTo: call.request.target))\">Sign in</a> to see advisories.</p>"
        }
        guard let url = await view.packageURL() else { return "<p>There are no advisories about packages of this format.</p>" }
        let found = try await call.ask(APIQuestion(.get, ["advisories"], query: [("package", url.description)]))
        let items = found["items"]?.array?.compactMap(\.object) ?? []
        guard !items.isEmpty else {
            let what = view.version == nil ? "this package" : "this version"
            return "<p>No advisory that was imported here is about \(what).</p>"
        }
        let rows = items.prefix(100).map { item -> [HTML] in
            let fixed = (item["fixed_versions"]?.array ?? []).compactMap(\.string)
            return [
                "<code>\(item["id"]?.string ?? "")</code>", severity(item), "\(item["summary"]?.string ?? "")",
                "\(fixed.isEmpty ? "none yet" : fixed.prefix(5).joined(separator: ", "))",
                Parts.time(item["modified"]?.string.flatMap { Timestamp(rfc3339: $0) }, now: call.now),
            ]
        }
        let rest: HTML = items.count > 100 ? "<p>\(Figures.count(items.count - 100)) more.</p>" : ""
        return "\(Parts.table(["Advisory", "Severity", "About", "Fixed in", "Changed"], rows))\(rest)"
    }

    private func severity(_ item: JSONObject) -> HTML {
        if item["malware"]?.bool == true { return Parts.badge("malware", .bad) }
        guard let severity = item["severity"]?.string else { return "<span class=\"faint\">unknown</span>" }
        return Parts.badge(severity, ["critical", "high"].contains(severity) ? .bad : .warn)
    }

    private var refused: HTML {
        let versions = (view.shown.map { [$0] } ?? view.facts.versions).filter(\.isRefused)
        guard !versions.isEmpty else { return "" }
        let rows = versions.prefix(50).map { version -> [HTML] in ["\(version.version)", view.state(of: version)] }
        let rest: HTML = versions.count > 50 ? "<p>\(Figures.count(versions.count - 50)) more are refused.</p>" : ""
        return "<h2>Refused</h2>\(Parts.table(["Version", "Why"], rows))\(rest)"
    }

    private var provenance: HTML {
        guard let release = view.release else { return "<p>Nothing is known here of who built it.</p>" }
        guard let said = release.description.facts.first(where: { ASCII.isEqual($0.name, "Provenance") }) else {
            return "<p>No attestations of \(release.version) are known here.</p>"
        }
        return "<p>\(Parts.badge("attested", .ok)) \(release.version) is \(said.value).</p>"
    }

    /// Of upstreams, for those who manage their repositories.
    private func oddities(_ call: PageCall) -> HTML {
        let odd = view.facts.members.flatMap { member in
            (member.upstream?.anomalies ?? []).map { (member: member.repository, anomaly: $0) }
        }
        guard !odd.isEmpty else { return "" }
        let rows = odd.prefix(50).map { odd -> [HTML] in
            [
                "\(odd.anomaly.kind.rawValue.replacing("_", with: " "))", "\(odd.member)",
                "\(odd.anomaly.files.map(\.filename).prefix(5).joined(separator: ", "))",
                Parts.time(odd.anomaly.time, now: call.now),
            ]
        }
        return "<h2>What was odd</h2>\(Parts.table(["What", "Upstream of", "Files", "Seen"], rows))"
    }
}
