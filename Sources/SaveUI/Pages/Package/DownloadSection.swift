internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform

/// Which accounts downloaded a package, for those who see the whole server.
struct DownloadSection {
    let view: PackageView

    func html(_ call: PageCall) async throws -> HTML {
        guard let url = await view.packageURL() else { return "<p>Packages of this format have no URL to ask by.</p>" }
        var query = [("package", url.description), ("limit", "50")]
        if let after = call.asked("after") { query.append(("after", after)) }
        let found: JSONObject
        do {
            found = try await call.ask(APIQuestion(.get, ["downloads"], query: query))
        } catch let error as SaveError where error.code == .invalidRequest && call.asked("after") == nil {
            return "<p>\(FailurePage.sentence(error.message))</p>"
        }
        let items = found["items"]?.array?.compactMap(\.object) ?? []
        guard !items.isEmpty else {
            return "<p>No download is recorded. Repositories record them where <code>audit_downloads</code> says so.</p>"
        }
        let rows = items.map { item -> [HTML] in
            [
                Parts.time(item["time"]?.string.flatMap { Timestamp(rfc3339: $0) }, now: call.now),
                "\(item["actor"]?.string ?? "")", "\(item["version"]?.string ?? "")", "\(item["repository"]?.string ?? "")",
                "\(item["source_ip"]?.string ?? "")", "\(Int(item["count"]?.integer ?? 0))",
            ]
        }
        let next: HTML =
            found["next"]?.string.map {
                "<nav class=\"pages\" aria-label=\"Pages\"><a rel=\"next\" href=\"\(view.link(call, further: [("after", $0)]))\">Earlier</a></nav>"
            } ?? ""
        return "\(Parts.table(["Last", "Account", "Version", "From", "Address", "Times#"], rows))\(next)"
    }
}
