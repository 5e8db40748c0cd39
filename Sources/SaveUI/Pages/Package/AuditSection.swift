internal import SaveHTTP
internal import SavePlatform

/// What the audit trail has about a package, for those who may read the trail.
struct AuditSection {
    let view: PackageView

    func html(_ call: PageCall) async throws -> HTML {
        var query = [("q", view.facts.name), ("limit", "50")]
        if let after = call.asked("after") { query.append(("after", after)) }
        let found = try await call.ask(APIQuestion(.get, ["admin", "audit"], query: query))
        let places = view.facts.members.map { $0.repository + "/" }
        // The name may stand in other records as well.
        let items = (found["items"]?.array?.compactMap(\.object) ?? []).filter { item in
            places.contains { (item["resource"]?.string ?? "").utf8.starts(with: $0.utf8) }
        }
        let rows = items.map { item -> [HTML] in
            let outcome = item["outcome"]?.string ?? ""
            return [
                Parts.time(item["time"]?.string.flatMap { Timestamp(rfc3339: $0) }, now: call.now),
                "\(item["actor"]?.string ?? "")", "\(item["action"]?.string ?? "")", "\(item["resource"]?.string ?? "")",
                Parts.badge(outcome, outcome == "ok" ? .ok : .warn),
            ]
        }
        let next: HTML =
            found["next"]?.string.map {
                "<nav class=\"pages\" aria-label=\"Pages\"><a rel=\"next\" href=\"\(view.link(call, further: [("after", $0)]))\">Earlier</a></nav>"
            } ?? ""
        let table: HTML =
            rows.isEmpty
            ? "<p>No record of this part of the trail is about it.</p>"
            : Parts.table(["When", "Actor", "Action", "Resource", "Outcome"], rows)
        return "\(table)\(next)"
    }
}
