internal import CMalloc
internal import SaveMicrohttpd
internal import SavePlatform

/// Gives memory of clients that have gone back to the system.
///
/// The C library keeps what is freed between blocks in use: ten thousand connections leave their memory behind. malloc_trim(3) gives
/// it back, and holds everything up meanwhile; so it is called once, when few are left.
struct MemoryRelease {
    private var maxOpen = 0
    /// Fewer connections are not worth it.
    private static let worthwhile = 256

    /// Whether now is the time, by how many connections there are.
    ///
    /// - Parameter recent: the most that there were since this was asked last.
    mutating func isDue(connections: Int, recent: Int) -> Bool {
        maxOpen = max(maxOpen, recent)
        guard maxOpen >= Self.worthwhile, connections <= maxOpen / 4 else { return false }
        maxOpen = connections
        return true
    }

    /// Looks every few seconds, until the task is cancelled.
    static func run(_ server: HTTPServer) async {
        var release = MemoryRelease()
        let pool = BlockingPool(name: "memory", threads: 1)
        defer { pool.stop() }
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(5))
            if release.isDue(connections: server.connectionCount, recent: server.takeMostConnections()) {
                try? await pool.run { _ = malloc_trim(0) }
            }
        }
    }
}
