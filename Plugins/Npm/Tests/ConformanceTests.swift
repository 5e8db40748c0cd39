import SavePlatform
import SaveTestKit
import Testing

@testable import FormatNpm

@Suite struct ConformanceTests {
    @Test func `the format keeps the rules of all formats`() async throws {
        let publish = PublishTests.Publish()
        let body = publish.json.bytes
        // What is published is what a page carries without loss.
        let submission = try await NpmFormat(settings: [:]).receive(
            UploadRequest(
                plan: UploadPlan(package: PackageID(normalized: publish.name), purpose: "publish", status: 201),
                contentType: "application/json", body: ByteStream(body)), into: InMemoryStaging())
        let files = submission.items.map { item in
            var record = item.record
            record.size = item.staged.size
            record.origin = "https://upstream.example.com/files/left-pad-1.2.3.tgz"
            return record
        }
        let package = try #require(submission.package)
        let file = "/\(publish.name)/-/left-pad-1.2.3.tgz"
        let conformance = FormatConformance(
            NpmFormat.self,
            paths: [
                "/", "/@acme/left-pad", "/left-pad", "/@acme/left-pad/1.2.3", "/-/package/left-pad/dist-tags", "/-/ping", file,
            ],
            indexes: [(.package(package.id), Listing(assets: files)), (.root, Listing(packages: [package]))],
            uploads: [SampleUpload(.put, "/\(publish.name)", contentType: "application/json", body: body)],
            searches: [SampleSearch("/-/v1/search?text=left-pad&size=20&from=0", finds: package.id)],
            versions: [
                ["0.0.0-0"], ["0.0.0"], ["1.0.0-alpha", "v1.0.0-alpha"], ["1.0.0-alpha.1"], ["1.0.0-alpha.beta"],
                ["1.0.0-beta.2"],
                ["1.0.0-beta.11"], ["1.0.0-rc.1"], ["1.0.0", "1.0.0+build.7", "v1.0.0"], ["1.9.0"], ["1.10.0"],
            ])
        #expect(try await conformance.violations() == [])
    }
}
