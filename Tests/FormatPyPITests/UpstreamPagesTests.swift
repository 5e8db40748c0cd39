import Foundation
import SaveDigest
import SavePlatform
import Testing

@testable import FormatPyPI

/// Pages as kinds of servers send them, and what is read from each: `Tests/Fixtures/upstream-pages`.
@Suite struct UpstreamPagesTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/upstream-pages")
    private static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".page") }.map { String($0.dropLast(5)) }.sorted()
    }()

    @Test func `the pages are there`() { #expect(Self.names.count >= 26) }

    @Test(arguments: names)
    func `R-32a a page of another server is read as expected`(_ name: String) throws {
        let expected = try String(contentsOf: Self.folder.appendingPathComponent(name + ".expected"), encoding: .utf8)
        let actual = try Self.description(ofPageAt: Self.folder.appendingPathComponent(name + ".page"))
        #expect(actual == expected, "\(name):\n\(actual)")
    }

    /// What is read from a page, as text: the status of the project, then each file with a line for each of its facts.
    private static func description(ofPageAt url: URL) throws -> String {
        let bytes = [UInt8](try Data(contentsOf: url))
        let end = try #require(bytes.indices.first { bytes[$0...].starts(with: "\n\n".utf8) })
        let head = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\n")
        let document = UpstreamDocument(
            url: String(head[0].dropFirst("url: ".count)), contentType: String(head[1].dropFirst("type: ".count)),
            bytes: Array(bytes[(end + 2)...]))
        do {
            let format = try PyPIFormat(settings: [:])
            let listing = try format.listing(from: document, for: .package(PackageID(normalized: "sample-lib")))
            return describe(listing)
        } catch let error as SaveError {
            return "\(error.code.rawValue): \(error.message)\n"
        }
    }

    private static func describe(_ listing: Listing) -> String {
        var lines: [String] = []
        if let status = listing.attributes["project-status"] { lines += ["project-status: \(status.text)", ""] }
        for record in listing.assets {
            lines.append(record.path.text)
            if let sidecarOf = record.sidecarOf {
                lines.append("  describes: \(sidecarOf)")
            } else {
                lines.append("  version: \(record.version ?? "none")")
            }
            lines.append("  from: \(record.origin ?? "nowhere")")
            for checksum in record.checksums { lines.append("  \(checksum.algorithm.rawValue): \(checksum.hex)") }
            if let size = record.size { lines.append("  size: \(size)") }
            if let published = record.published { lines.append("  published: \(published.rfc3339)") }
            if let withdrawn = record.withdrawn { lines.append("  yanked: \"\(withdrawn.reason)\"") }
            for member in record.attributes.members { lines.append("  \(member.key): \(member.value.text)") }
            lines.append("")
        }
        if listing.assets.isEmpty { lines.append("no files\n") }
        return lines.joined(separator: "\n")
    }
}
