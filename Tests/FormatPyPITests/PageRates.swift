import Foundation
import SaveDigest
import SaveHTTP
import SavePlatform
import Testing

@testable import FormatPyPI

/// Prints how long a large page takes. `SAVE_MEASURE=1 swift test -c release --filter PageRates`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SAVE_MEASURE"] != nil), .serialized) struct PageRates {
    private static let package = PackageID(normalized: "large-package")
    private static let files = 10_000
    private let format: PyPIFormat
    init() throws { format = try PyPIFormat(settings: [:]) }

    /// The best of several runs, in microseconds: what the work costs, not what the machine did besides.
    private func time<Value>(_ name: String, _ work: () throws -> Value) throws -> Value {
        let clock = PlatformClock.system
        var value = try work()
        var best = UInt64.max
        for _ in 0..<10 {
            let start = clock.uptime()
            value = try work()
            best = min(best, clock.uptime() - start)
        }
        print("\(name): \(best / 1000) µs")
        return value
    }

    /// A page as a large upstream sends it: five files of each of two thousand versions.
    private static func upstreamJSON() -> [UInt8] {
        let tags = [
            "cp310-cp310-manylinux_2_17_x86_64", "cp311-cp311-macosx_11_0_arm64", "cp312-cp312-win_amd64", "py3-none-any",
        ]
        var lines: [String] = []
        var versions: [String] = []
        for number in 0..<files / 5 {
            let version = "\(number / 400).\(number / 20 % 20).\(number % 20)" + (number % 7 == 0 ? "rc1" : "")
            versions.append("\"\(version)\"")
            for kind in 0..<5 {
                let isWheel = kind < 4
                let name = isWheel ? "large_package-\(version)-\(tags[kind]).whl" : "large_package-\(version).tar.gz"
                let hash = Digest.hex(Array(name.utf8))
                let metadata = isWheel ? "{\"sha256\":\"\(String(hash.reversed()))\"}" : "false"
                lines.append(
                    """
                    {"core-metadata":\(metadata),"data-dist-info-metadata":\(metadata),"filename":"\(name)",\
                    "hashes":{"sha256":"\(hash)"},"provenance":null,"requires-python":">=3.8","size":\(100_000 + number),\
                    "upload-time":"2024-03-0\(number % 9 + 1)T07:08:09.\(100_000 + number)Z",\
                    "url":"https://files.example/packages/\(hash.prefix(2))/\(hash.dropFirst(2).prefix(2))/\(hash)/\(name)","yanked":false}
                    """)
            }
        }
        let text = """
            {"alternate-locations":[],"files":[\(lines.joined(separator: ","))],"meta":{"_last-serial":1,"api-version":"1.4"},\
            "name":"large-package","project-status":{"status":"active"},"versions":[\(versions.joined(separator: ","))]}
            """
        return Array(text.utf8)
    }

    @Test func `a page of ten thousand files, read and rendered`() throws {
        let json = UpstreamDocument(
            url: "https://index.example/simple/large-package/", contentType: SimpleType.json.value, bytes: Self.upstreamJSON())
        print("the upstream's page: \(json.bytes.count) bytes of JSON")
        let listing = try time("reading it from JSON") { try format.listing(from: json, for: .package(Self.package)) }
        let html = try render("rendering it in HTML", as: SimpleType.html, listing)
        _ = try render("rendering it in JSON", as: SimpleType.json, listing)
        let page = UpstreamDocument(url: json.url, contentType: SimpleType.html.value, bytes: html)
        let again = try time("reading it from HTML") { try format.listing(from: page, for: .package(Self.package)) }
        #expect(again.assets.count == listing.assets.count)
        #expect(listing.assets.count == Self.files / 5 * 9)
    }

    private func render(_ name: String, as type: MediaType, _ listing: Listing) throws -> [UInt8] {
        try time(name) {
            try format.render(.package(Self.package), as: type, from: listing, context: RenderContext(basePath: "/pypi/a/b/"))
        }.bytes
    }
}
