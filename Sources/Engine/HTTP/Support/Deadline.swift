package import SavePlatform

/// Runs work for at most some time. The work must end soon after it is cancelled, which is waited for.
///
/// - Throws: `late` when the time is over, and what the work throws.
package func withTimeout<Value: Sendable>(
    _ limit: Duration, throwing late: SaveError, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() ?? nil else { throw late }
        return value
    }
}
