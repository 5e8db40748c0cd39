internal import SaveAdvisories
internal import CMalloc
internal import Glibc
internal import SaveAccess
internal import SaveAudit
internal import SaveBlobs
internal import SaveHTTP
internal import SaveMicrohttpd
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage
internal import SaveUI

/// `serve`: the server itself.
enum ServeCommand: Command {
    static let name = "serve"
    static let form = CommandForm(
        summary: "run the server; SIGTERM drains it and exits 0",
        options: [.config, .data, .listen],
        description: """
            When it is ready it prints "listening on http://HOST:PORT" on standard error and writes the address to
            <data>/listen.

            SIGTERM ends it: health turns 503, requests are still taken for `drain_delay` seconds, those that run are finished, and
            the exit status is 0. SIGINT does the same without the delay. A second one of either ends it at once. SIGHUP makes it
            open `access_log` again and read the TLS certificate and key again; no connection notices.
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let sourced = try arguments.configurationWithSources(environment)
        let wanted = sourced.configuration
        let log = Log.standardError(level: Log.Level(name: wanted.logLevel) ?? .info, format: wanted.standardErrorFormat)
        let signals = try ProcessSignals()
        returnMemoryToTheSystem()
        let budget = try DescriptorBudget(limit: DescriptorBudget.raiseLimit(), wanted)
        let configuration = budget.configuration
        budget.report(to: log)
        try Assembly.checkBeforeStart(configuration, environment: environment)
        let stores = try await Stores.open(configuration, for: .serving)
        let assembly: Assembly
        do {
            assembly = try await Assembly.make(
                configuration, stores: stores, environment: environment,
                settings: sourced.shown.map { .init(key: $0.key, value: $0.value, source: $0.source) }, log: log)
        } catch {
            log.flush()
            await stores.close()
            throw error
        }
        do { try await stores.blobs.checkSpace(for: nil) } catch {
            log(.warning, "uploads are refused, and proxies keep nothing", ["error": "\(error)"])
        }
        let supervisor = ServiceNotifier(environment)
        let listenFile = configuration.data + "/listen"
        let address = try assembly.server.start()
        let host = address.host.utf8.contains(UInt8(ascii: ":")) ? "[\(address.host)]" : address.host
        let url = "\(configuration.tlsKey == nil ? "http" : "https")://\(host):\(address.port)"
        log.flush()
        Log.write(Array("listening on \(url)\n".utf8), to: 2)
        do {
            try PrivateFile.write(Array((url + "\n").utf8), to: listenFile)
        } catch let error as SaveError {
            // A full disk must not keep anybody from what is on it.
            log(.warning, "the address could not be written", ["error": error.message])
        }
        let renewal = Task { await assembly.services.revalidation.run() }
        let exposures = Task { await assembly.services.exposures.run() }
        let sessions = Task { await assembly.services.publishing.sessions.run() }
        let auditUpkeep = Task { await assembly.auditUpkeep.run() }
        let watch = Task { await assembly.health.watch() }
        let scrubbing = Task { await assembly.scrub.run() }
        let saving = Task { await assembly.keyUses.keepSaved() }
        let advisories = Task { await assembly.advisories.watch() }
        let fetching = Task { await assembly.feeds.run() }
        let memory = Task { await MemoryRelease.run(assembly.server) }

        supervisor.send("READY=1", "STATUS=listening on \(url)")
        let watchdog = Task {
            await supervisor.feedWatchdog {
                let part = await assembly.health.failingPart()
                // Nothing is gained by a restart while the store of another machine does not answer.
                return part == nil || stores.bucket != nil && part == Health.blobStore
            }
        }
        let ending = await assembly.runUntilEnd(signals, supervisor)
        supervisor.send("STOPPING=1", "STATUS=draining")
        let delay = ending == .interrupt ? 0 : configuration.drainDelay
        log(.notice, "draining", ["delay": String(delay), "seconds": String(configuration.drainTimeout)])
        assembly.health.drain()
        let impatience = Task { await assembly.hurry(at: signals) }
        defer { impatience.cancel() }
        await assembly.server.drain(delay: .seconds(delay), limit: .seconds(configuration.drainTimeout))
        watch.cancel()
        watchdog.cancel()
        renewal.cancel()
        exposures.cancel()
        scrubbing.cancel()
        fetching.cancel()
        await assembly.jobs.stop()
        await scrubbing.value
        sessions.cancel()
        auditUpkeep.cancel()
        await renewal.value
        await sessions.value
        await auditUpkeep.value
        await assembly.auditUpkeep.finish()
        saving.cancel()
        memory.cancel()
        advisories.cancel()
        await saving.value
        await fetching.value
        await memory.value
        await assembly.services.upstreams.finishCopies()
        // Where the directory was moved away, this may be the file of another server.
        if (try? assembly.health.checkWritable()) != nil { unlink(listenFile) }
        await stores.close()
        log(.notice, "stopped")
        assembly.accessLog?.close()
        log.close()
        return 0
    }
}

extension ServerConfiguration {
    /// What `log_format` comes to on this process's standard error.
    fileprivate var standardErrorFormat: LogFormat {
        logFormat == "text" || logFormat == "auto" && isatty(2) == 1 ? .text : .json
    }
}

extension Assembly {
    /// Does what SIGHUP asks for, until a signal asks for the end.
    fileprivate func runUntilEnd(_ signals: ProcessSignals, _ supervisor: ServiceNotifier) async -> ProcessSignal {
        while true {
            let signal = await signals.next()
            guard signal == .hangUp else { return signal }
            supervisor.sendReloading()
            reload()
            supervisor.send("READY=1")
        }
    }

    /// Opens logs again and reads certificates again. What cannot be used is logged, and what was in use stays.
    private func reload() {
        var failures: [String] = []
        for step in [{ try accessLogFile?.reopen() }, server.reloadIdentity] as [() throws -> Void] {
            do { try step() } catch { failures.append((error as? SaveError)?.message ?? "\(error)") }
        }
        for failure in failures { log(.error, "not everything could be reloaded", ["error": failure]) }
        if failures.isEmpty { log(.notice, "reloaded the certificate and opened the logs again") }
    }

    /// Ends the process at the next signal that asks for it, whatever still runs.
    fileprivate func hurry(at signals: ProcessSignals) async {
        while await signals.next() == .hangUp {}
        log(.warning, "ending at once: requests that run are cut")
        server.hurry()
        // What is in order by then is closed in order. A disk that does not answer, or a call that does not return, is not
        // waited for: the database recovers by itself.
        try? await Task.sleep(for: .seconds(2))
        guard !Task.isCancelled else { return }
        log.flush()
        _exit(1)
    }
}

/// Large buffers, such as the 19 MiB of a password hash, go back to the system when they are freed. By default glibc learns
/// from the first of them to keep all later ones (mallopt(3), M_MMAP_THRESHOLD), once for each thread.
private func returnMemoryToTheSystem() {
    mallopt(M_MMAP_THRESHOLD, 1 << 18)
    mallopt(M_TRIM_THRESHOLD, 1 << 18)
    mallopt(M_ARENA_MAX, 4)
}
