import SavePlatform
import SaveTestKit
import Testing

@testable import FormatCargo

@Suite struct ConformanceTests {
    @Test func `the format keeps the rules of all formats`() async throws {
        let crate = SampleCrate()
        let dependency: JSONValue = [
            "name": "serde", "version_req": "^1.0", "features": ["derive"], "optional": true, "kind": "normal",
            "explicit_name_in_toml": "serde1", "registry": "https://other.example.com/index",
        ]
        let second = SampleCrate(
            version: "2.0.0-rc.1+build",
            says: ["deps": [dependency], "features": ["default": [], "s": ["dep:serde1"]], "rust_version": "1.70"])
        // What is published is what a page carries without loss.
        var files: [AssetRecord] = []
        for published in [crate, second] {
            var record = try #require(try await published.receive().items.first).record
            record.published = Timestamp(seconds: 1_790_000_000)
            files.append(record)
        }
        files[1].withdrawn = Withdrawal(reason: "")
        // What only a publisher says is on no page.
        let listed = files.map { file in
            var file = file
            file.size = nil
            file.attributes = CrateRecord(line: CrateRecord(file).line).attributes
            return file
        }
        let package = PackageID(normalized: "my-crate")
        let conformance = FormatConformance(
            CargoFormat.self,
            paths: [
                "/", "/config.json", "/me", "/my/_c/my_crate", "/my/-c/my-crate", "/3/f/foo", "/2/ab", "/1/a",
                "/api/v1/crates/my_crate/1.2.3/download", "/api/v1/crates/my-crate/2.0.0-rc.1+build/download",
                // The owners of a crate are known where it was published, and no index passes them on.
                "/api/v1/crates/my_crate/1.2.3/yank",
            ],
            indexes: [(.package(package), Listing(assets: listed))],
            uploads: [crate, second].map {
                var other = $0
                other.name = "My-Crate"
                return SampleUpload(
                    .put, "/api/v1/crates/new", contentType: "application/octet-stream", body: $0.body,
                    respelled: (other.name, other.body))
            } + [
                SampleUpload(.delete, "/api/v1/crates/my_crate/1.2.3/yank", body: []),
                SampleUpload(.put, "/api/v1/crates/my_crate/1.2.3/unyank", body: []),
            ],
            searches: [SampleSearch("/api/v1/crates?q=my&per_page=10", finds: package)],
            configuration: Array(
                #"{"dl":"https://files.example.com/{crate}/{version}.crate","api":"https://x.example.com/"}"#.utf8),
            versions: [
                ["0.0.0-0"], ["0.0.0"], ["1.0.0-alpha"], ["1.0.0-alpha.1"], ["1.0.0-alpha.beta"], ["1.0.0-beta.2"],
                ["1.0.0-beta.11"], ["1.0.0-rc.1"], ["1.0.0", "1.0.0+build.7"], ["1.9.0"], ["1.10.0"],
                ["18446744073709551615.0.0"],
            ])
        let violations = try await conformance.violations()
        #expect(violations == [])
    }
}
