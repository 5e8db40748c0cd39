import SaveDigest
import SavePlatform
import SaveTestKit
import Synchronization
import Testing

@testable import FormatPyPI

/// What is beside a file, and what of it can be read out of the file.
@Suite struct WheelSidecarTests {
    private let format: PyPIFormat
    init() throws { format = try PyPIFormat(settings: [:]) }

    private func record(_ filename: String, of package: String = "foo") throws -> AssetRecord {
        AssetRecord(path: try AssetPath("packages/\(package)/\(filename)"), package: PackageID(normalized: package))
    }

    private func read(_ bytes: [UInt8], as filename: String = "foo-1.0-py3-none-any.whl") throws -> [UInt8] {
        try format.readSidecar(
            of: try record(filename),
            in: FileBytes(size: Int64(bytes.count)) { offset, count in Array(bytes[Int(offset)..<Int(offset) + count]) })
    }

    @Test func `R-36 metadata are read from the end of a wheel, whatever is before it`() throws {
        let wheel = FixtureWheel(name: "foo", version: "1.0", padding: [UInt8](repeating: 7, count: 1 << 20))
        let lowest = Mutex(Int64.max)
        let metadata = try format.readSidecar(
            of: try record(wheel.filename),
            in: FileBytes(size: Int64(wheel.bytes.count)) { offset, count in
                lowest.withLock { $0 = min($0, offset) }
                return Array(wheel.bytes[Int(offset)..<Int(offset) + count])
            })
        #expect(metadata == wheel.metadata)
        #expect(lowest.withLock { $0 } > 1 << 20)
    }

    @Test func `R-35 metadata of another package or version are nobody's`() throws {
        let others = [
            FixtureWheel(name: "bar", version: "1.0"), FixtureWheel(name: "foo", version: "1.1"),
        ]
        for other in others {
            let error = #expect(throws: SaveError.self) { try read(other.bytes) }
            #expect(error?.code == .invalidRequest)
        }
        let inner = FixtureMetadata.text(name: "foo", version: "2.0")
        let mixed = FixtureZip([FixtureZip.Entry("foo-1.0.dist-info/METADATA", inner)]).bytes
        #expect(throws: SaveError.self) { try read(mixed) }
    }

    @Test func `T3 bytes that were changed on the way are no metadata`() throws {
        let wheel = FixtureWheel(name: "foo", version: "1.0")
        #expect(try read(wheel.bytes) == wheel.metadata)
        for place in wheel.bytes.indices {
            var bytes = wheel.bytes
            bytes[place] ^= 0x20
            // A change elsewhere in the file may go unseen; what is read is right or nothing.
            if let metadata = try? read(bytes) { #expect(metadata == wheel.metadata, "byte \(place)") }
        }
    }

    @Test func `R-33 a sidecar is at its file's path with an ending, for wheels only`() throws {
        let wheel = try record("foo-1.0-py3-none-any.whl")
        let sidecar = try #require(format.embeddedSidecar(of: wheel))
        #expect(sidecar.path.text == "packages/foo/foo-1.0-py3-none-any.whl.metadata")
        #expect(sidecar.contentType == "text/plain; charset=utf-8")
        #expect(format.file(ofSidecar: sidecar.path) == wheel.path)
        for name in ["foo-1.0.tar.gz", "foo-1.0.zip", "foo-1.0-py3.8.egg"] {
            #expect(format.embeddedSidecar(of: try record(name)) == nil)
            #expect(format.file(ofSidecar: try AssetPath("packages/foo/\(name).metadata"))?.filename == name)
            #expect(format.file(ofSidecar: try AssetPath("packages/foo/\(name)")) == nil)
        }
    }

    @Test func `R-22 an announcement is a digest, true, or no attribute`() throws {
        var file = try record("foo-1.0-py3-none-any.whl")
        let digest = try #require(Checksum(.sha256, hex: String(repeating: "ab", count: 32)))
        format.announceSidecar([digest], in: &file)
        #expect(file.attributes["core-metadata"] == ["sha256": .string(digest.hex)])
        format.announceSidecar([], in: &file)
        #expect(file.attributes["core-metadata"] == true)
        format.announceSidecar(nil, in: &file)
        #expect(file.attributes["core-metadata"] == nil)
    }

    static let sourceArchives: [(version: String, headers: [String], isFinal: Bool)] = [
        ("2.1", [], false), ("1.2", [], false), ("2.2", [], true), ("2.4", ["Requires-Dist: x"], true), ("3.0", [], true),
        ("2.10", [], true), ("2", [], false), ("two", [], false),
        ("2.2", ["Dynamic: Requires-Dist"], false), ("2.3", ["Dynamic: license-file", "Dynamic: requires-python"], false),
        ("2.2", ["Dynamic: Provides-Extra"], false), ("2.4", ["Dynamic: license-file", "Dynamic: Description"], true),
    ]

    /// PEP 643: a field that is not dynamic has the same value in what is built.
    @Test(arguments: sourceArchives)
    func `R-34 a source archive has metadata beside it where building does not change what resolvers read`(
        version: String, headers: [String], isFinal: Bool
    ) async throws {
        let sdist = FixtureSdist(name: "foo", version: "1.0", metadataVersion: version, extraHeaders: headers)
        let submission = try await FixtureForm("foo", "1.0", filetype: "sdist", filename: sdist.filename, contents: sdist.bytes)
            .submit()
        let file = try #require(submission.items.first?.record)
        #expect(submission.items.count == (isFinal ? 2 : 1))
        guard isFinal else {
            #expect(file.attributes["core-metadata"] == nil)
            return
        }
        let sidecar = try #require(submission.items.last)
        let text = FixtureMetadata.text(name: "foo", version: "1.0", metadataVersion: version, extraHeaders: headers)
        #expect(sidecar.record.path.text == "packages/foo/foo-1.0.tar.gz.metadata")
        #expect(try await sidecar.staged.contents() == Array(text.utf8))
        #expect(file.attributes["core-metadata"] == ["sha256": .string(Digest.hex(Array(text.utf8)))])
    }
}
