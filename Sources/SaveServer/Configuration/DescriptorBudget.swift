internal import FoundationEssentials
internal import Glibc
package import SaveHTTP
internal import SavePlatform

/// How many connections and open files fit into the descriptors that the process may have.
///
/// Running out of them is not survived: the runtime itself opens files at any time, and ends the process where it cannot. So the
/// sum of what may be open at the same time stays below the limit.
package struct DescriptorBudget {
    /// The configuration, with what does not fit made smaller.
    package let configuration: ServerConfiguration
    /// What was made smaller, as keys and their new values.
    package let lowered: [String: String]

    /// Fewer descriptors than this are no server.
    package static let least = 256

    /// - Parameter limit: descriptors that the process may have open (getrlimit(2), RLIMIT_NOFILE).
    /// - Throws: `invalidConfiguration` where they are too few.
    package init(limit: Int, _ configuration: ServerConfiguration) throws {
        guard limit >= Self.least else {
            throw SaveError(
                .invalidConfiguration,
                "the process may have \(limit) descriptors open, and needs \(Self.least): raise the limit with 'ulimit -n' or, below systemd, LimitNOFILE",
                details: ["field": "open_files"])
        }
        var fitted = configuration
        // The database, logs, event loops and their threads, and what the runtime opens.
        let threads = configuration.threads ?? ProcessInfo.processInfo.activeProcessorCount
        let rest = max(limit - 96 - 3 * threads, 0)
        // A connection to an upstream and the file that it fills.
        fitted.upstreamConnections = min(configuration.upstreamConnections, max(rest / 16, 8))
        fitted.openFiles = min(configuration.openFiles, rest / 4)
        // Downloads, and as many for all else.
        let toBucket = configuration.blobs == .files ? 0 : 2 * fitted.bucketConnections
        let left = rest - 2 * fitted.upstreamConnections - fitted.openFiles - toBucket
        // A connection, the file that it sends or receives, and an eighth that has been answered and is read to its end.
        fitted.maxConnections = min(configuration.maxConnections, max(left * 8 / 17 - 16, 16))
        if fitted.maxConnections < configuration.maxConnections {
            // One address must not take all that is left.
            fitted.maxConnectionsPerAddress = min(configuration.maxConnectionsPerAddress, fitted.maxConnections / 2)
        }
        var lowered: [String: String] = [:]
        for (key, before, after) in [
            ("open_files", configuration.openFiles, fitted.openFiles),
            ("max_connections", configuration.maxConnections, fitted.maxConnections),
            ("max_connections_per_address", configuration.maxConnectionsPerAddress, fitted.maxConnectionsPerAddress),
        ] where after < before { lowered[key] = String(after) }
        self.configuration = fitted
        self.lowered = lowered
    }

    /// Lets the process have as many descriptors as it may have at all, and says how many. The usual soft limit of 1024 is for
    /// programs that use `select`.
    package static func raiseLimit() -> Int {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limits = rlimit()
        guard getrlimit(files, &limits) == 0 else { return 1024 }
        let soft = limits.rlim_cur
        limits.rlim_cur = limits.rlim_max
        return Int(clamping: setrlimit(files, &limits) == 0 ? limits.rlim_max : soft)
    }

    /// Says what was made smaller, where something was.
    package func report(to log: Log) {
        guard !lowered.isEmpty else { return }
        log(
            .warning,
            "there are fewer descriptors than the configuration asks for: raise the limit with 'ulimit -n' or LimitNOFILE",
            ["lowered": lowered.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", ")])
    }
}
