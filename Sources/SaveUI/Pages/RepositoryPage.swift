internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// A repository: how a client is set up for it, what it is, and what is in it.
enum RepositoryPage {
    static func answer(_ call: PageCall) async throws -> PageAnswer {
        let repository = try call.viewer.repository(format: call.path[0], project: call.path[1], name: call.path[2])
        let tab = call.asked("tab") ?? ""
        let content: HTML
        switch tab {
        case "": content = try await setUp(repository, call)
        case "packages": content = try await PackageList(repository).section(call)
        case "members" where repository.record.kind == .group: content = members(repository, call)
        default: throw SaveError(.notFound, "there is no such part of this page")
        }
        return PageAnswer(
            repository.record.coordinates, section: .repositories,
            main: """
                \(head(repository, call))
                \(tabs(repository, tab, call))
                \(content)
                """)
    }

    private static func head(_ repository: Repository, _ call: PageCall) -> HTML {
        let record = repository.record
        let about: HTML = record.description.isEmpty ? "" : "<p>\(record.description)</p>"
        return """
            <p class="crumbs"><a href="\(call.links.home)">Repositories</a> / \(record.project)</p>
            <div class="head"><h1>\(record.name)</h1>\(Parts.badge(repository.descriptor.displayName)) \
            \(Parts.badge(record.kind.rawValue)) \(RepositoryState.badge(of: repository, call))\(about)</div>
            \(trouble(repository, call))
            """
    }

    /// An upstream that is down does not look like an empty repository.
    private static func trouble(_ repository: Repository, _ call: PageCall) -> HTML {
        guard repository.record.online else {
            return Parts.notice(
                .warn,
                "<p>This repository is offline: clients get nothing from it until somebody who manages it sets it online.</p>")
        }
        guard call.session != nil else { return "" }
        let notices = call.viewer.leaves(of: repository).filter { $0.record.kind == .proxy }.compactMap { proxy -> HTML? in
            guard let state = call.context.upstreamState(proxy), state.isAvailable == false else { return nil }
            let whose: HTML =
                proxy.record.id == repository.record.id
                ? "The upstream" : "The upstream of <a href=\"\(call.links.repository(proxy))\">\(proxy.record.coordinates)</a>"
            let why = call.viewer.manages(proxy) ? state.failure.map(FailurePage.sentence) ?? "" : ""
            return Parts.notice(
                .bad, "<p><strong>\(whose) fails.</strong> \(why)</p><p>What is kept here still installs.</p>")
        }
        return "\(notices)"
    }

    private static func tabs(_ repository: Repository, _ tab: String, _ call: PageCall) -> HTML {
        let isGroup = repository.record.kind == .group
        let names =
            [("Set me up", ""), (PackageList.title(of: repository), "packages")] + (isGroup ? [("Members", "members")] : [])
        return Parts.links(
            "tabs", "About \(repository.record.coordinates)",
            names.map { name, value in
                (name, call.links.repository(repository, value.isEmpty ? [] : [("tab", value)]), value == tab)
            })
    }

    // MARK: - Set me up

    private static func setUp(_ repository: Repository, _ call: PageCall) async throws -> HTML {
        let setUp = await SetUp(of: repository, call)
        let client = call.asked("client").flatMap { setUp.clients.contains($0) ? $0 : nil } ?? setUp.clients.first ?? ""
        let picks = Parts.links(
            "pick", "Client", setUp.clients.map { ($0, call.links.repository(repository, [("client", $0)]), $0 == client) })
        return """
            <div class="two"><section aria-label="Set me up">
            \(setUp.clients.count > 1 ? picks : "")
            <ol class="steps">
            \(steps(setUp, client, call))
            </ol>
            \(setUp.examples.isEmpty ? "<p>This format says nothing of its clients. Point yours at <code>\(setUp.url)</code>.</p>" : "" as HTML)
            </section>
            \(facts(repository, setUp, call))</div>
            """
    }

    /// - Parameter key: put in its place; nil for a step that says how to get one.
    static func steps(_ setUp: SetUp, _ client: String, key: String? = nil, _ call: PageCall) -> [HTML] {
        let own = setUp.examples.filter { $0.client == client && !Words.contains("VERSION", in: $0.command) }
        // What is written down once needs to be typed no more.
        let isKept = own.contains { $0.file != nil }
        let examples = own.filter { !isKept || $0.file != nil || !$0.command.contains(setUp.url) }
        let shown = examples.map { (example: $0, text: setUp.text(of: $0, key: key)) }
        let needsKey = key == nil && shown.contains { Words.contains("KEY", in: $0.text) }
        let steps = shown.map { example, text -> HTML in
            let place: HTML = example.file.map { "Put this into <code>\($0)</code>:" } ?? "\(example.purpose):"
            return "<li>\(place)\(Parts.copy(text))</li>"
        }
        return (needsKey ? [keyStep(setUp, call)] : []) + steps
    }

    private static func keyStep(_ setUp: SetUp, _ call: PageCall) -> HTML {
        guard call.session != nil else {
            let here = call.links.login(returningTo: call.request.target)
            return
                "<li><a href=\"\(here)\">Sign in</a> and make an API key for this machine. It stands below as <code>KEY</code>.</li>"
        }
        let query = [("for", setUp.repository.record.coordinates)]
        return """
            <li>Make an API key for this machine; it stands below as <code>KEY</code>. \
            <a href="\(Links.url(call.links.account, query))#new-key">New API key</a></li>
            """
    }

    private static func facts(_ repository: Repository, _ setUp: SetUp, _ call: PageCall) -> HTML {
        let record = repository.record
        var facts: [(name: String, value: HTML)] = [("URL", "<code>\(setUp.url)</code>")]
        if record.kind == .group {
            let members = call.viewer.members(of: repository).enumerated().map { place, member -> HTML in
                "\(place + 1). <a href=\"\(call.links.repository(member))\">\(member.record.name)</a> \(Parts.badge(member.record.kind.rawValue)) \(RepositoryState.badge(of: member, call))"
            }
            facts.append(("Asked in this order", members.isEmpty ? "nobody yet" : .joined(members, by: "<br>")))
            let rule =
                record.group.policy == .firstOwner
                ? "The first member that has the name answers for it: what is hosted here is never taken from outside"
                : "Files of all members are shown together"
            facts.append(("Whose name is it", "\(rule)"))
        }
        let reserved = record.group.reservedNames + record.proxy.reservedNames
        if !reserved.isEmpty, call.session != nil {
            facts.append(("Reserved names", .joined(reserved.prefix(20).map { "<code>\($0.rawValue)</code>" }, by: ", ")))
        }
        let groups = call.viewer.groups(over: repository)
        if !groups.isEmpty {
            let names = groups.map { "<a href=\"\(call.links.repository($0))\">\($0.record.coordinates)</a>" as HTML }
            facts.append(("Part of", .joined(names, by: ", ")))
        }
        if record.kind == .proxy, call.viewer.manages(repository) {
            facts.append(("Upstream", "<code>\(URLReference.shown(record.proxy.remoteURL))</code>"))
        }
        facts.append(("Readers", record.anonymousRead ? "everybody, without signing in" : "members of \(record.project)"))
        facts.append(("Created", Parts.time(record.created, now: call.now)))
        return "<aside aria-label=\"Facts\">\(Parts.facts(facts))</aside>"
    }

    // MARK: - Members

    private static func members(_ repository: Repository, _ call: PageCall) -> HTML {
        let rows = call.viewer.members(of: repository).enumerated().map { place, member -> [HTML] in
            [
                "\(place + 1)", "<a href=\"\(call.links.repository(member))\">\(member.record.coordinates)</a>",
                "\(Parts.badge(member.record.kind.rawValue)) \(RepositoryState.badge(of: member, call))",
                "\(member.record.description)",
            ]
        }
        guard !rows.isEmpty else { return "<p>This group has no members yet.</p>" }
        return Parts.table(["Place", "Repository", "Kind", "About"], rows)
    }
}
