import Foundation
import SaveAccess
import SaveAudit
import SaveHTTP
import SavePlatform
import SaveStorage
import Testing

/// Prints what it costs to know who sends a request. `SAVE_MEASURE=1 swift test -c release --filter SignInRates`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SAVE_MEASURE"] != nil), .serialized) struct SignInRates {
    private func microseconds(_ name: String, rounds: Int = 20_000, _ work: (Int) -> Bool) -> Double {
        let clock = PlatformClock.system
        var times: [UInt64] = []
        var isRight = true
        for round in 0..<rounds {
            let start = clock.uptime()
            isRight = work(round) && isRight
            times.append(clock.uptime() - start)
        }
        #expect(isRight)
        times.sort()
        let median = Double(times[rounds / 2]) / 1000
        print("\(name): median \(median) µs, p99 \(Double(times[rounds * 99 / 100]) / 1000) µs")
        return median
    }

    @Test func `G28 a correct key costs less than 50 microseconds to check`() async throws {
        let server = try await Accounting()
        var requests: [HTTPRequest] = []
        for _ in 0..<64 {
            let key = try await server.key(for: .robot("ci"))
            requests += [server.request("Bearer \(key)"), server.basic("sa$ci", key)]
        }
        // So small a memory of verified credentials that every key is checked again.
        let forgetful = Authenticator(
            catalogue: server.catalogue, providers: [KeySignIn(serverKey: server.serverKey, clock: .system)], uses: server.uses,
            serverKey: server.serverKey, clock: .system,
            trail: AuditAggregator(store: server.store, clock: .system, log: .silent()), cacheCapacity: 1)
        let checked = microseconds("a key that is checked") { forgetful.cached(requests[$0 % requests.count]) != nil }
        let known = microseconds("a key that is remembered") { server.authenticator.cached(requests[$0 % requests.count]) != nil }
        #expect(checked < 50)
        #expect(known < 50)
    }
}
