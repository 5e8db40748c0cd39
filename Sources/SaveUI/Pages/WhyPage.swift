internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveServing
internal import SaveStorage

/// Why something was refused, by the number in the link at the end of the reason; and the request for an exception.
enum WhyPage {
    /// Days that a waiver is asked for.
    private static let lifetimes = [7, 30, 90]

    static func answer(_ call: PageCall) async throws -> PageAnswer { try await page(call, failure: nil) }

    /// - Throws: `unauthenticated` for a visitor who may not know of it, whether it is there or not; else `notFound`.
    private static func report(_ call: PageCall) async throws -> JSONObject {
        do {
            return try await call.ask(APIQuestion(.get, ["refusals", call.path[1]]))
        } catch let error as SaveError where error.code == .notFound && call.session == nil {
            throw SaveError.signInForThis
        }
    }

    private static func page(_ call: PageCall, failure: SaveError?) async throws -> PageAnswer {
        let refusal = try await report(call)
        let name = [refusal["package"], refusal["version"], refusal["file"]].compactMap { $0?.string }.joined(separator: " ")
        let repository = call.viewer.repository(coordinates: refusal["repository"]?.string ?? "")
        return PageAnswer(
            "Why \(name) was refused", section: .repositories, status: failure.map { ErrorResponder.status(of: $0.code) } ?? 200,
            main: """
                \(crumbs(refusal, repository, call))
                <div class="head"><h1>Why was \(name) refused?</h1></div>
                \(failure.map { Parts.notice(.bad, "<p>\(FailurePage.sentence($0.message))</p>") })
                \(verdict(refusal, call))
                <div class="two"><section aria-label="What can be done">
                \(waivers(refusal, call))
                \(try form(refusal, call))
                </section>
                <aside aria-label="Facts">\(Parts.facts(facts(refusal, call)))</aside></div>
                """)
    }

    private static func crumbs(_ refusal: JSONObject, _ repository: Repository?, _ call: PageCall) -> HTML {
        guard let repository else { return "" }
        let package: HTML =
            refusal["package"]?.string.map { " / <a href=\"\(call.links.package($0, in: repository))\">\($0)</a>" } ?? ""
        return """
            <p class="crumbs"><a href="\(call.links.home)">Repositories</a> / \(repository.record.project) / \
            <a href="\(call.links.repository(repository))">\(repository.record.name)</a>\(package)</p>
            """
    }

    /// What becomes of it now, which need not be what became of it then.
    private static func verdict(_ refusal: JSONObject, _ call: PageCall) -> HTML {
        let now = refusal["now"]?.object ?? JSONObject()
        guard now["verdict"]?.string == "deny" else {
            let waiver: HTML = now["waiver"]?.isNull == false ? " A waiver counts for it." : ""
            return Parts.notice(.ok, "<p><strong>It is allowed now.</strong>\(waiver) Try again.</p>")
        }
        let allowed: HTML =
            now["allowed_after"]?.string.flatMap { Timestamp(rfc3339: $0) }.map {
                "<p>It is allowed \(Parts.time($0, now: call.now)), after \($0.rfc3339).</p>"
            } ?? ""
        return Parts.notice(
            .bad, "<p><strong>\(FailurePage.ended(withoutLink(now["reason"]?.string ?? "")))</strong></p>\(allowed)")
    }

    /// The reason ends with the address of this very page.
    private static func withoutLink(_ reason: String) -> String {
        guard let semicolon = reason.utf8.lastIndex(of: UInt8(ascii: ";")), reason[semicolon...].contains("/ui/why/") else {
            return reason
        }
        return String(reason[..<semicolon])
    }

    private static func facts(_ refusal: JSONObject, _ call: PageCall) -> [(name: String, value: HTML)] {
        let policy = refusal["policy"]?.object ?? JSONObject()
        let about = policy["description"]?.string ?? ""
        var facts: [(name: String, value: HTML)] = [
            ("Policy", "<strong>\(policy["name"]?.string ?? "")</strong>\(about.isEmpty ? "" : "<br>\(about)" as HTML)"),
            ("Repository", "\(refusal["repository"]?.string ?? "")"),
            ("First refused", Parts.time(refusal["first_refused_at"]?.string.flatMap { Timestamp(rfc3339: $0) }, now: call.now)),
        ]
        let advisories = (refusal["now"]?.object?["advisories"]?.array ?? []).compactMap(\.string)
        if !advisories.isEmpty { facts.append(("Advisories", .joined(advisories.map { "<code>\($0)</code>" }, by: "<br>"))) }
        return facts
    }

    // MARK: - Waivers

    private static func waivers(_ refusal: JSONObject, _ call: PageCall) -> HTML {
        let waivers = (refusal["waivers"]?.array ?? []).compactMap(\.object)
        guard !waivers.isEmpty else { return "" }
        let rows = waivers.map { waiver -> [HTML] in
            let isGranted = waiver["state"]?.string == "granted"
            return [
                versions(waiver["versions"]?.string ?? ""),
                Parts.badge(isGranted ? "granted" : "requested", isGranted ? .ok : .note),
                "\(waiver["reason"]?.string ?? "")", "\(waiver["requested_by"]?.string ?? "")",
                Parts.time(waiver["until"]?.string.flatMap { Timestamp(rfc3339: $0) }, now: call.now),
            ]
        }
        return "<h2>Waivers</h2>\(Parts.table(["Versions", "State", "Reason", "By", "Ends"], rows))"
    }

    private static func form(_ refusal: JSONObject, _ call: PageCall) throws -> HTML {
        guard let request = refusal["waiver_request"]?.object else {
            return "<p>No waiver can be about this. Ask the owners of the project, or an administrator.</p>"
        }
        guard call.session != nil else {
            let signIn = call.links.login(returningTo: call.request.target)
            return "<h2>Ask for a waiver</h2><p><a href=\"\(signIn)\">Sign in</a> to ask for one.</p>"
        }
        let choices = lifetimes.map { days -> HTML in
            "<option value=\"\(days)\">\(days) days</option>"
        }
        return """
            <h2>Ask for a waiver</h2>
            <p>An owner of \(request["project"]?.string ?? "") or an administrator decides. It counts for \(subject(request["package"]?.string ?? "")) in this project.</p>
            <form class="form narrow" method="post" action="\(call.links.home)why/\(call.path[1])/waiver">
            \(FormToken.input(call.session?.token ?? ""))\(try SentForms.input())
            <label for="reason">Why it is needed all the same</label>
            <textarea id="reason" name="reason" rows="3" maxlength="2000" required>\(call["reason"])</textarea>
            <label for="days">For how long</label>
            <select id="days" name="days">
            \(choices)
            </select>
            <button class="go">Ask for a waiver</button>
            </form>
            """
    }

    private static func versions(_ text: String) -> HTML { text.utf8.elementsEqual("*".utf8) ? "all versions" : "\(text)" }

    /// A package URL as people say it: `*` stands for all versions.
    private static func subject(_ text: String) -> HTML {
        guard let url = try? PackageURL(text), let version = url.version else { return "<code>\(text)</code>" }
        let isAll = version.utf8.elementsEqual("*".utf8)
        return "<code>\(url.name)</code>, \(isAll ? "all versions" : "version \(version)")"
    }

    static func request(_ call: PageCall) async throws -> PageAnswer {
        let refusal = try await report(call)
        guard let request = refusal["waiver_request"]?.object, let days = Int64(call["days"]), (1...3650).contains(days) else {
            throw SaveError(.invalidRequest, "no waiver can be about this: ask the owners of the project")
        }
        let answer = PageAnswer(redirectTo: call.links.home + "why/" + call.path[1])
        let body: JSONObject = [
            "package": request["package"] ?? .null, "policy_id": request["policy_id"] ?? .null,
            "project": request["project"] ?? .null,
            "reason": .string(call["reason"]), "until": .string(call.now.adding(seconds: days * 86_400).rfc3339),
        ]
        do {
            // The page shows what came of it when it was sent before.
            _ = try await call.sentForms.once(call) { try await call.ask(APIQuestion(.post, ["waivers"], body: .object(body))) }
        } catch let error as SaveError where [.invalidRequest, .conflict].contains(error.code) {
            var answer = try await page(call, failure: error)
            answer.refusal = error
            return answer
        }
        return answer
    }
}
