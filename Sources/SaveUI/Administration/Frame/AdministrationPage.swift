internal import SaveHTTP
internal import SavePlatform

/// What the pages of administration have in common: the way to each other, and what was done or refused.
enum AdministrationPage {
    /// The parts of administration, in the order in which they are listed.
    enum Part: CaseIterable {
        case overview, projects, repositories, robots, policies, waivers
        case users, advisories, downloads, jobs, storage, server

        var title: String {
            switch self {
            case .overview: "Overview"
            case .projects: "Projects"
            case .repositories: "Repositories"
            case .robots: "Robots"
            case .policies: "Policies"
            case .waivers: "Waivers"
            case .users: "Users"
            case .advisories: "Advisories"
            case .downloads: "Downloads"
            case .jobs: "Jobs"
            case .storage: "Storage"
            case .server: "Server"
            }
        }

        /// What one finds there.
        var about: String {
            switch self {
            case .overview: ""
            case .projects: "Members with their roles, and what belongs to a project"
            case .repositories: "Made, changed, invalidated and deleted"
            case .robots: "Accounts of machines, and their keys"
            case .policies: "Which files clients get, tried before they count"
            case .waivers: "Exceptions that were asked for"
            case .users: "Accounts of people"
            case .advisories: "What is known of vulnerable and harmful packages, and how new it is"
            case .downloads: "Which accounts have a package"
            case .jobs: "Work that takes longer, and how far it is"
            case .storage: "What takes space, and what can be freed"
            case .server: "Health, formats, and the configuration that holds"
            }
        }

        /// Whether it is about the whole server.
        var isServerWide: Bool {
            switch self {
            case .overview, .projects, .repositories, .robots, .policies, .waivers: false
            case .users, .advisories, .downloads, .jobs, .storage, .server: true
            }
        }

        func url(_ links: Links) -> String {
            self == .overview ? links.administration() : links.administration(ASCII.lowercased(title))
        }
    }

    static func parts(for viewer: Viewer) -> [Part] {
        Part.allCases.filter { part in
            part == .jobs ? viewer.administersAll : viewer.inspects || !part.isServerWide
        }
    }

    /// - Parameters:
    ///   - crumbs: what the page is below, each with its address.
    ///   - beside: what stands beside the heading.
    static func answer(
        _ title: String, in part: Part, _ call: PageCall, crumbs: [(text: String, url: String)] = [], about: HTML = "",
        beside: HTML = "", main: HTML
    ) -> PageAnswer {
        let trail =
            part == .overview || crumbs.isEmpty && title == part.title ? [] : [(text: part.title, url: part.url(call.links))]
        let way = (trail + crumbs).map { "<a href=\"\($0.url)\">\($0.text)</a>" as HTML }
        return PageAnswer(
            call.refused == nil ? title : "Not done: \(title)", section: .administration,
            main: """
                <div class="admin">
                \(navigation(part, call))
                <div class="work">
                \(way.isEmpty ? "" : "<p class=\"crumbs\">\(.joined(way, by: " / "))</p>" as HTML)
                <div class="head"><h1>\(title)</h1>\(beside)\(about.isEmpty ? "" : "<p>\(about)</p>" as HTML)</div>
                \(notice(call))
                \(main)
                </div></div>
                """)
    }

    /// What came of the form that led here.
    static func notice(_ call: PageCall) -> HTML {
        if let refused = call.refused {
            let isOutdated = refused.error.code == .preconditionFailed
            let verdict = isOutdated ? "Your change was not made." : "Nothing was changed."
            return
                "<div role=\"alert\">\(Parts.notice(.bad, "<p><strong>\(verdict)</strong> \(FailurePage.sentence(refused.error.message))</p>"))</div>"
        }
        guard let done = call.asked("done").flatMap(Done.init) else { return "" }
        return "<div role=\"status\">\(Parts.notice(.ok, "<p>\(done.sentence)</p>"))</div>"
    }

    private static func navigation(_ part: Part, _ call: PageCall) -> HTML {
        Parts.links(
            "side", "Administration",
            parts(for: call.viewer).map { (text: $0.title, url: $0.url(call.links), isCurrent: $0 == part) })
    }

    // MARK: - The first of them

    static func overview(_ call: PageCall) async throws -> PageAnswer {
        let cards = parts(for: call.viewer).dropFirst().map { part -> HTML in
            "<li><a href=\"\(part.url(call.links))\">\(part.title)</a><p>\(part.about)</p></li>"
        }
        let audit: HTML =
            call.viewer.inspects
            ? "<li><a href=\"\(call.links.audit)\">Audit</a><p>Changes, sign-ins and downloads, with the accounts that made them</p></li>"
            : ""
        let about: HTML =
            call.viewer.administersAll
            ? "You administer this server."
            : call.viewer.inspects ? "You see all of this server, and change nothing." : "What you manage."
        return answer(
            "Administration", in: .overview, call, about: about, main: "<ul class=\"cards\">\n\(Array(cards))\n\(audit)\n</ul>")
    }
}
