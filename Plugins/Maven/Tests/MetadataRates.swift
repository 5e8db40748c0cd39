import Foundation
import SaveHTTP
import SavePlatform
import Testing

@testable import FormatMaven

/// Prints how long the metadata of a large package takes. `SAVE_MEASURE=1 swift test -c release --filter MetadataRates`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SAVE_MEASURE"] != nil), .serialized) struct MetadataRates {
    private static func records(_ count: Int) throws -> [AssetRecord] {
        try (0..<count).flatMap { number in
            let version = "\(number / 400).\(number / 20 % 20).\(number % 20)" + (number % 7 == 0 ? "-rc1" : "")
            return try ["jar", "pom"].map {
                try record("com/acme/lib/\(version)/lib-\(version).\($0)", published: "2026-01-02T03:04:05Z")
            }
        }.sorted { $0.path < $1.path }
    }

    /// The best of several runs, in microseconds.
    private func time(_ name: String, _ work: (Int) throws -> Void) rethrows {
        let clock = PlatformClock.system
        var best = UInt64.max
        for round in 0..<10 {
            let start = clock.uptime()
            try work(round)
            best = min(best, clock.uptime() - start)
        }
        print("\(name): \(best / 1000) µs")
    }

    @Test func `metadata of 10,000 versions, each time with one more`() throws {
        let records = try Self.records(10_020)
        let listings = (0..<10).map { Listing(assets: Array(records.prefix(20_000 + 2 * $0))) }
        let name = try #require(MavenName("com.acme:lib"))
        try time("metadata of 10,000 versions with one more") { _ = try MavenMetadata.document(of: name, listings[$0]) }
        try time("metadata of 10,000 versions for the first time") { round in
            let other = try #require(MavenName("com.acme:lib\(round)"))
            _ = try MavenMetadata.document(of: other, listings[0])
        }
    }
}
