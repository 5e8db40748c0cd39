internal import Foundation
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

@testable import SaveUI

/// Lists of any length, a part at a time.
@Suite struct ReadingTests {
    @Test func `repositories come page by page, project by project, groups first, each once`() async throws {
        let world = try await AccessWorld()
        let all = world.catalogue.current.repositories
        for limit in [1, 7, all.count - 1, all.count, 1000] {
            var (seen, after): ([Repository], String?) = ([], nil)
            repeat {
                let part = RepositoriesByProject(all, after: after, limit: limit)
                let shown = part.projects.flatMap(\.repositories)
                #expect(!shown.isEmpty && shown.count <= limit)
                seen += shown
                after = part.next
            } while after != nil
            #expect(seen.count == all.count, "\(limit)")
            #expect(Set(seen.map(\.record.id)).count == all.count)
            #expect(seen.map(\.record.project) == all.map(\.record.project))
            #expect(seen.first?.record.kind == .group)
        }
        // Where the last one is gone, its project begins once more, and nothing is left out.
        let gone = RepositoriesByProject(all, after: "open/gone", limit: 1000)
        #expect(gone.projects.map(\.name) == Array(Set(all.map(\.record.project)).filter { $0 >= "open" }).sorted())
        let last = try #require(all.last)
        #expect(RepositoriesByProject(all, after: "zzz/x", limit: 9).projects.isEmpty && last.record.project < "zzz")
    }

    @Test func `the first page has so many repositories, and a filter finds the others`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("admin")
        var (seen, next): (Set<String>, String?) = ([], "/ui/")
        while let page = next {
            let text = try await visitor.get(page.replacing("&amp;", with: "&")).text
            let links = text.matches(of: /<li><a href="(\/ui\/[^"]*)">/).map { String($0.output.1) }
            #expect(links.count <= HomePage.cards)
            #expect(seen.isDisjoint(with: links))
            seen.formUnion(links)
            next = text.firstMatch(of: /rel="next" href="([^"]*)"/).map { String($0.output.1) }
        }
        #expect(seen.count == world.catalogue.current.repositories.count && seen.count > HomePage.cards)
        let found = try await visitor.get("/ui/?q=SED/npm-G").text
        #expect(found.matches(of: /<li><a href="\/ui\//).count == 1 && found.contains("/ui/npm/closed/npm-group/"))
        #expect(try await visitor.get("/ui/?q=nothing-like-it").text.contains("No repository and no project is called so."))
    }

    @Test func `names are looked at a part at a time, and each part says where the next begins`() async throws {
        let world = try await AccessWorld()
        let all = world.catalogue.current.repositories.filter { $0.record.kind == .hosted }.prefix(2).map(\.record.id)
        let names = (0..<40).map { "w-\($0 % 7 == 0 ? "needle" : "hay")-\($0)" }.sorted()
        try await world.store.write { writing in
            for (number, name) in names.enumerated() {
                let time = Timestamp(seconds: 1)
                try writing.put(
                    PackageRecord(
                        repository: all[number % 2], id: PackageID(normalized: name), displayName: name, attributes: [:],
                        created: time, updated: time))
            }
        }
        for window in [1, 3, 100] {
            var search = NameSearch(places: Array(all), text: "Needle")
            search.window = window
            var (found, after, parts): ([String], PackageID?, Int) = ([], nil, 0)
            repeat {
                let part = try await search.containing(after: after, limit: 2, in: world.store) { false }
                #expect(part.found.count <= 2)
                found += part.found.map(\.id.name)
                after = part.looked
                parts += 1
            } while after != nil
            #expect(found == names.filter { $0.contains("needle") }, "\(window)")
            #expect(parts > (window == 1 ? 15 : 2))
            let whole = try await search.containing(after: nil, limit: 50, in: world.store) { true }
            #expect(whole.found.map(\.id.name) == found && whole.looked == nil)
            // Names that begin with the text are found another way: they take no place here.
            search = NameSearch(places: Array(all), text: "w-h")
            search.window = window
            let others = try await search.containing(after: nil, limit: 2, in: world.store) { true }
            #expect(others.found.isEmpty && others.looked == nil)
        }
        let beginning = NameSearch(places: Array(all), text: "w-needle-")
        var (found, after): ([String], PackageID?) = ([], nil)
        while true {
            let start = after
            let part = try await world.store.read { try beginning.beginning(after: start, limit: 2, in: $0) }
            guard let last = part.last else { break }
            found += part.map(\.id.name)
            after = last.id
        }
        #expect(found == names.filter { $0.hasPrefix("w-needle-") })
    }

    @Test func `a list of packages is filtered by beginnings first, and leads on`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("viewer")
        let id = try #require(world.catalogue.current.repository(project: "closed", name: "pypi-hosted")).record.id
        try await world.store.write { writing in
            for number in 100..<160 {
                for name in ["find-\(number)", "a-find-\(number)"] {
                    let time = Timestamp(seconds: 1)
                    try writing.put(
                        PackageRecord(
                            repository: id, id: PackageID(normalized: name), displayName: name, attributes: [:], created: time,
                            updated: time))
                }
            }
        }
        var (pages, next): ([[String]], String?) = ([], "/ui/pypi/closed/pypi-group/?tab=packages&q=Find")
        while let page = next {
            let text = try await visitor.get(page.replacing("&amp;", with: "&")).text
            pages.append(text.matches(of: /<tr><td><a href="[^"]*">([^<]*)</).map { String($0.output.1) })
            next = text.firstMatch(of: /rel="next" href="([^"]*)"/).map { String($0.output.1) }
        }
        #expect(pages.first == (100..<150).map { "find-\($0)" })
        #expect(pages.flatMap(\.self).count == 120 && Set(pages.flatMap(\.self)).count == 120)
        #expect(pages.allSatisfy { $0.count <= 100 })
        #expect(
            try await visitor.get("/ui/pypi/closed/pypi-group/?tab=packages&q=absent").text.contains("no package of that name"))
    }

    @Test func `a form that is sent while its first does its work waits for the end, and does it where nothing came of it`()
        async throws
    {
        struct Refused: Error {}
        final class Log: Sendable {
            private let lines = Mutex<[String]>([])
            func add(_ line: String) { lines.withLock { $0.append(line) } }
            var all: [String] { lines.withLock { $0 } }
        }
        let forms = SentForms()
        for isRefused in [false, true] {
            let (gate, opening) = AsyncStream.makeStream(of: Void.self)
            let done = Log()
            let id = "form \(isRefused)"
            let first = Task {
                try await forms.once(id) {
                    for await _ in gate { break }
                    if isRefused { throw Refused() }
                    done.add("first")
                }
            }
            while !forms.isRunning(id) { await Task.yield() }
            let others = (0..<2).map { _ in
                Task { try await forms.once(id) { done.add("second") } != nil }
            }
            while forms.waiting < 2 { await Task.yield() }
            #expect(done.all.isEmpty)
            opening.yield()
            _ = await first.result
            let didWork = [try await others[0].value, try await others[1].value]
            #expect(didWork.filter(\.self).count == (isRefused ? 1 : 0))
            #expect(done.all == [isRefused ? "second" : "first"])
        }
    }

    @Test func `a page that looks for news by itself does not keep its session alive`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("viewer")
        for _ in 0..<7 {
            world.clock.advance(seconds: 3600)
            #expect(try await visitor.get("/ui/account", [(AdministrationScript.again, "1")]).status == 200)
        }
        world.clock.advance(seconds: 3600)
        #expect(try await visitor.get("/ui/account", [(AdministrationScript.again, "1")]).status == 303)
        #expect(AdministrationScript.text.contains("\"\(AdministrationScript.again)\": \"1\""))
    }
}
