internal import CMalloc
internal import Foundation
internal import SaveMicrohttpd
internal import SavePlatform

/// `serve`: the server itself.
enum ServeCommand: Command {
    static let name = "serve"
    static let summary = "run the server; SIGTERM drains it and exits 0"
    static let help = """
        save-server serve [--config FILE] [--data DIR] [--listen HOST:PORT]

          --config FILE        configuration; docs/configuration.md lists the keys
          --data DIR           directory of the database and the files (default: data)
          --listen HOST:PORT   address; port 0 picks a free one (default: 127.0.0.1:8080)

        When it is ready it prints "listening on http://HOST:PORT" on standard error and writes the address to
        <data>/listen. SIGTERM and SIGINT end it: health turns 503, requests that run are finished, the exit status is 0.
        """
    static let options: (valued: Set<String>, flags: Set<String>) = (["--config", "--data", "--listen"], [])

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let configuration = try arguments.configuration(environment)
        let log = Log.standardError(level: Log.Level(name: configuration.logLevel) ?? .info)
        let signals = try TerminationSignals()
        returnMemoryToTheSystem()
        allowManyFiles()
        let stores = try Stores.open(configuration)
        let assembly: Assembly
        do {
            assembly = try await Assembly.make(configuration, stores: stores, environment: environment, log: log)
        } catch {
            log.flush()
            await stores.close()
            throw error
        }
        let listenFile = configuration.data + "/listen"
        let address = try assembly.server.start()
        let host = address.host.utf8.contains(UInt8(ascii: ":")) ? "[\(address.host)]" : address.host
        let url = "\(configuration.tlsKey == nil ? "http" : "https")://\(host):\(address.port)"
        log.flush()
        try PrivateFile.write(Array((url + "\n").utf8), to: listenFile)
        Log.write(Array("listening on \(url)\n".utf8), to: 2)
        let renewal = Task { await assembly.services.renewUpstreamIndexes() }
        let sessions = Task { await assembly.services.sessions.run() }
        let auditUpkeep = Task { await assembly.auditUpkeep.run() }
        let saving = Task { await assembly.keyUses.keepSaved() }

        await signals.wait()
        log(.notice, "draining", ["seconds": String(configuration.drainTimeout)])
        assembly.health.drain()
        await assembly.server.drain(limit: .seconds(configuration.drainTimeout))
        renewal.cancel()
        sessions.cancel()
        auditUpkeep.cancel()
        await renewal.value
        await sessions.value
        await auditUpkeep.value
        await assembly.auditUpkeep.finish()
        saving.cancel()
        await saving.value
        await assembly.services.finishCopies()
        unlink(listenFile)
        await stores.close()
        log(.notice, "stopped")
        assembly.accessLog?.close()
        log.close()
        return 0
    }
}

/// Every connection and every open file needs a descriptor; the usual soft limit of 1024 is for programs that use `select`.
private func allowManyFiles() {
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limits = rlimit()
    guard getrlimit(files, &limits) == 0 else { return }
    limits.rlim_cur = limits.rlim_max
    setrlimit(files, &limits)
}

/// Large buffers, such as the 19 MiB of a password hash, go back to the system when they are freed. By default glibc learns
/// from the first of them to keep all later ones (mallopt(3), M_MMAP_THRESHOLD), once for each thread.
private func returnMemoryToTheSystem() {
    mallopt(M_MMAP_THRESHOLD, 1 << 18)
    mallopt(M_TRIM_THRESHOLD, 1 << 18)
    mallopt(M_ARENA_MAX, 4)
}
