import EngineTestKit
import FormatPyPI
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveSQLite
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

@testable import SaveAdvisories

/// What is fetched again and again, into both stores.
@Suite struct AdvisoryFeedTests {
    private let folder: TemporaryFolder
    private let formats: FormatRegistry
    private let upstream = FakeUpstream()
    private let jobs = Jobs(clock: .system)
    private let mirror = "https://mirror.example/PyPI/all.zip"

    init() throws {
        folder = try TemporaryFolder()
        var formats = FormatRegistry()
        try formats.register(PyPIFormat.self)
        self.formats = formats
    }

    private var stores: [any AdvisoryStoring] { [InMemoryAdvisoryStore(), AdvisoryFile(folder: folder.path + "/advisories")] }

    private func database(_ store: any AdvisoryStoring) -> AdvisoryDatabase {
        AdvisoryDatabase(store: store, formats: formats, pool: BlockingPool(name: "advisories", threads: 2), clock: .system)
    }

    private func feeds(_ database: AdvisoryDatabase, _ urls: String...) -> AdvisoryFeeds {
        AdvisoryFeeds(
            urls.compactMap(AdvisorySource.init), into: database, client: upstream, jobs: jobs, interval: 3600, log: .silent()
        ) { _, _ in }
    }

    private func record(_ id: String, _ name: String = "foo") -> String {
        """
        {"id":"\(id)","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"\(name)"},"versions":["1"]}]}
        """
    }

    /// What each source came to.
    private func outcomes(_ feeds: AdvisoryFeeds) async throws -> [String] {
        let job = try #require(await jobs.finished(try feeds.fetch(by: "system").id))
        guard let items = job.result?["sources"]?.array else { return [job.state.rawValue, job.error ?? ""] }
        return items.compactMap { $0.object?["outcome"]?.string }
    }

    @Test func `what has not changed does not come in again, by its tag or by its bytes`() async throws {
        for store in stores {
            let (database, count) = (database(store), upstream.requestCount)
            let feeds = feeds(database, mirror)
            upstream.answer(mirror, text: record("A-1"), etag: "\"one\"")
            #expect(try await outcomes(feeds) == ["changed"])
            let first = try await database.status()
            #expect(first.records == 1)
            #expect(try await outcomes(feeds) == ["unchanged"])
            // A server without tags sends the same once more.
            upstream.answer(mirror, text: record("A-1"))
            #expect(try await outcomes(feeds) == ["unchanged"])
            #expect(try await database.status() == first)
            upstream.answer(mirror, text: record("A-2"))
            #expect(try await outcomes(feeds) == ["changed"])
            #expect(try await database.status().records == 2)
            #expect(upstream.requestCount == count + 4 && feeds[.unchanged] == 2 && feeds[.changed] == 2)
        }
    }

    @Test func `a source is fetched again where its records were forgotten`() async throws {
        for store in stores {
            let database = database(store)
            let feeds = feeds(database, mirror)
            upstream.answer(mirror, text: record("A-1"), etag: "\"one\"")
            #expect(try await outcomes(feeds) == ["changed"])
            let spool = try store.spool()
            try spool.append(Array(record("B-1").utf8))
            _ = try await AdvisoryImport(into: database).run([.init(name: "b", file: try spool.file())], replacing: true)
            #expect(try await outcomes(feeds) == ["changed"])
            #expect(try await database.status().records == 2)
        }
    }

    @Test func `a source that fails keeps no other from coming in, and what is here stays`() async throws {
        for store in stores {
            let database = database(store)
            let other = "https://other.example/all.zip"
            let feeds = feeds(database, "https://name:word@mirror.example/PyPI/all.zip?key=word", other)
            upstream.answer(mirror + "?key=word", text: record("A-1"))
            upstream.fail(other)
            #expect(try await outcomes(feeds) == ["changed", "failed"])
            let credentials = upstream.requests(of: mirror + "?key=word").last?.credentials
            #expect(credentials?.username == "name" && credentials?.password == "word")
            for wrong in [FakeUpstream.Answer(status: 404), .init(chunks: [Array("PK".utf8)]), .init(status: 304)] {
                upstream.answer(other, wrong)
                #expect(try await outcomes(feeds) == ["unchanged", "failed"], "\(wrong.status)")
                #expect(try await database.status().records == 1)
            }
            let status = try await feeds.status()
            #expect(status.map(\.source.name) == [mirror, other])
            #expect(status[0].state.error == nil && status[0].state.changed != nil && status[0].state.fetched != nil)
            #expect(status[1].state.error != nil && status[1].state.changed == nil && status[1].state.fetched == nil)
            upstream.fail(mirror + "?key=word")
            upstream.fail(other)
            #expect(try await outcomes(feeds) == ["failed", "\(mirror): down"])
            #expect(try await feeds.status().allSatisfy { $0.state.error == "down" })
        }
    }

    @Test func `two sources that differ in their queries are both fetched, and remembered apart`() async throws {
        for store in stores {
            let feeds = feeds(database(store), mirror + "?e=PyPI", mirror + "?e=npm")
            upstream.answer(mirror + "?e=PyPI", text: record("A-1"))
            upstream.answer(mirror + "?e=npm", text: record("A-2"))
            #expect(try await outcomes(feeds) == ["changed", "changed"])
            #expect(try await outcomes(feeds) == ["unchanged", "unchanged"])
        }
    }

    @Test func `a source is an http URL, whose credentials are told to nobody`() throws {
        let source = try #require(AdvisorySource("http://us%40er:p%3Aw:x@[::1]:8080/a/all.zip?sig=secret"))
        #expect(source.name == "http://[::1]:8080/a/all.zip" && source.url == "http://[::1]:8080/a/all.zip?sig=secret")
        #expect(source.credentials?.username == "us@er" && source.credentials?.password == "p:w:x")
        #expect(source.noteName.utf8.starts(with: "\(source.name)?".utf8) && !source.noteName.contains("secret"))
        #expect(
            AdvisorySource("https://host/")?.credentials == nil && AdvisorySource("https://host/")?.noteName == "https://host/")
        for text in [
            "", "host/all.zip", "ftp://host/a", "https://", "https:///a", "https://host/a#b", "https://a b/c",
            "https://%zz@host/",
        ] {
            #expect(AdvisorySource(text) == nil, "\(text)")
        }
    }
}
