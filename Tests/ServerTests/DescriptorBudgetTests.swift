import SavePlatform
import SaveServer
import Testing

@Suite struct DescriptorBudgetTests {
    @Test(arguments: [256, 512, 1024, 4096, 65_536])
    func `what may be open at once fits into the limit`(limit: Int) throws {
        let fitted = try DescriptorBudget(limit: limit, ServerConfiguration()).configuration
        let lingering = max(16, fitted.maxConnections / 8)
        let all = 2 * fitted.maxConnections + lingering + fitted.openFiles + 2 * fitted.upstreamConnections
        #expect(all <= limit - 64)
        #expect(fitted.maxConnections >= 16)
        #expect(fitted.maxConnectionsPerAddress >= 8)
        #expect(fitted.openFiles >= 8)
    }

    @Test func `what fits stays as it was configured, and nothing is said`() throws {
        let budget = try DescriptorBudget(limit: 65_536, ServerConfiguration())
        #expect(budget.configuration.maxConnections == ServerConfiguration().maxConnections)
        #expect(budget.configuration.openFiles == ServerConfiguration().openFiles)
        #expect(budget.lowered.isEmpty)
    }

    @Test func `what does not fit is named with its new value`() throws {
        let budget = try DescriptorBudget(limit: 1024, ServerConfiguration())
        #expect(budget.lowered["max_connections"] == String(budget.configuration.maxConnections))
    }

    @Test func `too few descriptors for a server are refused with the way to more`() {
        let error = #expect(throws: SaveError.self) { try DescriptorBudget(limit: 255, ServerConfiguration()) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("ulimit -n") == true)
    }
}
