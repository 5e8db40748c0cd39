internal import SaveHTTP
internal import SavePlatform

/// What somebody has to know before they copy the line that installs.
struct PackageNotices {
    let view: PackageView

    func html(_ call: PageCall) -> HTML { "\(outdated(call))\(most(call))" }

    /// An index is kept, and the upstream does not answer: newer versions may be missing.
    private func outdated(_ call: PageCall) -> HTML {
        guard call.session != nil, let member = view.facts.members.first(where: { $0.state == "answers" && $0.rule == "stale" })
        else { return "" }
        return Parts.notice(
            .warn,
            "<p><strong>The upstream of \(member.repository) does not answer.</strong> What is shown is what it said last: newer versions may be missing.</p>"
        )
    }

    /// What matters most.
    private func most(_ call: PageCall) -> HTML {
        let facts = view.facts
        if let status = facts.status {
            let why: HTML = status.reason.map { " \(FailurePage.ended($0))" } ?? ""
            return Parts.notice(.warn, "<p><strong>This package is \(status.word).</strong>\(why)</p>")
        }
        if let failing = call.session == nil ? nil : facts.members.first(where: { $0.state == "fails" }),
            facts.newest == nil || failing.reason != nil
        {
            let reason = FailurePage.sentence(failing.reason ?? "the upstream fails")
            return Parts.notice(
                .bad, "<p><strong>\(failing.repository) does not answer.</strong> \(reason)</p><p>What is kept here is shown.</p>"
            )
        }
        if facts.versions.isEmpty, facts.members.contains(where: { $0.state == "not_asked" }) {
            let url = call.links.package(facts.name, version: view.version, in: view.repository, [("refresh", "true")])
            let ask: HTML =
                call.session == nil ? "" : "<p><a class=\"button\" href=\"\(url)\">Ask the upstream now</a></p>"
            return Parts.notice(
                .plain, "<p>No client has asked for this package yet, so nothing is known of it here.</p>\(ask)")
        }
        guard view.version == nil, let first = facts.versions.first, first.offered.isEmpty,
            let blocked = first.files.first(where: { $0.state == "blocked" })
        else { return "" }
        let instead: HTML = facts.newest.map { "<p>New installations get \($0.version).</p>" } ?? ""
        return Parts.notice(
            .warn,
            "<p><strong>\(first.version) is held back.</strong> \(FailurePage.ended(blocked.reason ?? ""))</p>\(instead)")
    }
}
