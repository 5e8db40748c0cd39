internal import SaveDigest
package import SaveHTTP
package import SavePlatform
package import SaveStorage
internal import Synchronization

/// Fetches what databases publish, again and again (`advisory_sources`, `advisory_interval`). What was fetched before stays until
/// something newer is here completely.
package final class AdvisoryFeeds: Sendable {
    /// How it stands with one source.
    package struct State: Sendable, Equatable {
        /// When it was last asked and answered, since the start; nil for not yet.
        package var fetched: Timestamp?
        /// When other content came in from it.
        package var changed: Timestamp?
        /// Why it failed the last time it was asked; nil where it did not.
        package var error: String?
    }

    package enum Outcome: String, Sendable, CaseIterable { case changed, unchanged, failed }

    /// The name of the work among jobs.
    package static let job = "advisories.fetch"

    package let sources: [AdvisorySource]
    private let database: AdvisoryDatabase
    private let client: any HTTPClient
    private let jobs: Jobs
    private let interval: Int64
    private let log: Log
    private let onImport: @Sendable (AdvisorySource, AdvisoryImport.Report) async throws -> Void
    private let states = Mutex<[AdvisorySource: State]>([:])
    private let counts = Mutex<[Outcome: Int]>([:])

    /// Seconds after which a source that failed is asked again, where the interval is longer.
    private static let retry: Int64 = 900

    /// - Parameters:
    ///   - interval: seconds between two looks.
    ///   - onImport: called with what comes in before it counts; nothing comes in where it throws.
    package init(
        _ sources: [AdvisorySource], into database: AdvisoryDatabase, client: any HTTPClient, jobs: Jobs, interval: Int64,
        log: Log,
        onImport: @escaping @Sendable (AdvisorySource, AdvisoryImport.Report) async throws -> Void
    ) {
        self.sources = sources
        self.database = database
        self.client = client
        self.jobs = jobs
        self.interval = interval
        self.log = log
        self.onImport = onImport
    }

    /// How often sources were asked since the start, by what came of it.
    package subscript(outcome: Outcome) -> Int { counts.withLock { $0[outcome] ?? 0 } }

    /// How it stands with each source.
    package func status() async throws -> [(source: AdvisorySource, state: State)] {
        let notes = try await database.status().notes
        return sources.map { source in
            var state = states.withLock { $0[source] } ?? State()
            state.changed = notes[source.noteName].flatMap(AdvisorySourceNote.init)?.changed
            return (source, state)
        }
    }

    /// Fetches at once what is not here yet, and everything after each interval, until it is cancelled. The times are a little apart by
    /// chance, so that many servers do not ask at once.
    package func run() async {
        guard !sources.isEmpty else { return }
        let notes = (try? await database.status().notes) ?? [:]
        var delay = sources.allSatisfy { notes[$0.noteName] != nil } ? Double(interval) / 10 * Double.random(in: 0...1) : 0
        while !Task.isCancelled {
            guard (try? await Task.sleep(for: .seconds(delay))) != nil else { return }
            if let job = try? fetch(by: Principal.system.auditName) { _ = await jobs.finished(job.id) }
            let hasFailed = states.withLock { $0.values.contains { $0.error != nil } }
            delay = Double(hasFailed ? min(interval, Self.retry) : interval) * Double.random(in: 0.9...1.1)
        }
    }

    /// Asks all sources now.
    ///
    /// - Returns: the job that does it, also where one runs already.
    package func fetch(by starter: String) throws -> Jobs.Job {
        try jobs.start(Self.job, by: starter) { [self] onProgress in try await fetchAll(onProgress) }.job
    }

    private func fetchAll(_ onProgress: @escaping @Sendable (MaintenanceProgress) -> Void) async throws -> JSONObject {
        var items: [JSONValue] = []
        var failures: [String] = []
        for source in sources {
            try Task.checkCancellation()
            var item: JSONObject = ["url": .string(source.name)]
            do {
                let report = try await fetch(source, onProgress)
                note(report == nil ? .unchanged : .changed, of: source, nil)
                item["outcome"] = .string((report == nil ? Outcome.unchanged : .changed).rawValue)
                item["import"] = report.map { .object($0.json) } ?? .null
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                let message = (error as? SaveError)?.message ?? "an internal error occurred"
                note(.failed, of: source, message)
                log(.warning, "advisories were not fetched", ["source": source.name, "error": "\(error)"])
                failures.append("\(source.name): \(message)")
                item["outcome"] = .string(Outcome.failed.rawValue)
                item["error"] = .string(message)
            }
            items.append(.object(item))
        }
        if let first = failures.first, failures.count == sources.count { throw SaveError(.upstreamUnavailable, first) }
        return ["sources": .array(items)]
    }

    private func note(_ outcome: Outcome, of source: AdvisorySource, _ error: String?) {
        let now = database.clock.now()
        counts.withLock { $0[outcome, default: 0] += 1 }
        states.withLock { states in
            states[source, default: State()].error = error
            if error == nil { states[source, default: State()].fetched = now }
        }
    }

    /// - Returns: nil where it is as it was.
    private func fetch(
        _ source: AdvisorySource, _ onProgress: @escaping @Sendable (MaintenanceProgress) -> Void
    ) async throws -> AdvisoryImport.Report? {
        // Kept beside the records: where these are gone, so is what would keep them from being fetched again.
        let known = try await database.status().notes[source.noteName].flatMap(AdvisorySourceNote.init)
        var headers = HTTPHeaders()
        if let etag = known?.etag { headers.append("If-None-Match", etag) }
        if let date = known?.lastModified { headers.append("If-Modified-Since", date) }
        let response = try await client.send(
            ClientRequest(
                url: source.url, headers: headers, credentials: source.credentials, maxSize: AdvisoryDatabase.maxUploadBytes))
        if response.status == 304, known != nil { return nil }
        guard response.status == 200 else {
            throw SaveError(
                .upstreamInvalid,
                "the source answered \(response.status): see that the URL in advisory_sources leads to an all.zip")
        }
        let file = try await database.receive(response.body)
        let digest = try await database.pool.run(lasting: .long) { try Self.digest(of: file) }
        if digest == known?.digest { return nil }
        let note = AdvisorySourceNote(
            etag: response.headers["etag"], lastModified: response.headers["last-modified"], digest: digest,
            changed: database.clock.now())
        let report = try await AdvisoryImport(into: database).run(
            [AdvisoryImport.File(name: source.name, file: file)], noting: [source.noteName: note.text], onProgress: onProgress
        ) { [onImport] report in try await onImport(source, report) }
        log(.notice, "advisories were fetched", ["source": source.name, "records": report.text])
        return report
    }

    /// Blocks.
    private static func digest(of file: OpenFile) throws -> String {
        let digest = StreamingDigest(.sha256)
        var position: Int64 = 0
        while position < file.size {
            let bytes = try file.read(at: position, count: Int(min(1 << 20, file.size - position)))
            guard !bytes.isEmpty else { break }
            digest.update(bytes)
            position += Int64(bytes.count)
        }
        return Hex.encode(digest.finish())
    }
}
