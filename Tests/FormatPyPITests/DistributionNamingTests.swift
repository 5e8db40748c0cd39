import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatPyPI

/// What a wheel was called, by the tags in it.
@Suite struct DistributionNamingTests {
    private func name(_ tags: [String], build: String? = nil) throws -> String? {
        let record = (["Wheel-Version: 1.0"] + (build.map { ["Build: \($0)"] } ?? []) + tags.map { "Tag: \($0)" }).joined(
            separator: "\n")
        let bytes = FixtureZip([FixtureZip.Entry("foo-1.0.dist-info/WHEEL", record)]).bytes
        return try DistributionNaming.filename(of: FileBytes(size: Int64(bytes.count)) { Array(bytes[Int($0)..<Int($0) + $1]) })
    }

    @Test func `sets of tags are put together in the order in which they come`() throws {
        #expect(try name(["py2-none-any", "py3-none-any"]) == "foo-1.0-py2.py3-none-any.whl")
        #expect(
            try name(["cp3-abi3-linux", "cp3-abi3-mac", "cp4-abi3-linux", "cp4-abi3-mac"], build: "7")
                == "foo-1.0-7-cp3.cp4-abi3-linux.mac.whl")
    }

    @Test(arguments: [["py3-none-any", "py2-none-linux"], ["py3-none-any", "py3-none-any"], ["py3-none"], []])
    func `tags that are those of no one name are refused`(_ tags: [String]) {
        #expect(throws: SaveError.self) { try name(tags) }
    }

    @Test func `more tags than a name can have are refused at the first that is too many`() throws {
        for tags in [(0..<30_000).map { "p\($0)-none-any" }, (0..<30_000).map { "p\($0)-n\($0)-a\($0)" }] {
            let error = #expect(throws: SaveError.self) { try name(tags) }
            #expect(error?.code == .invalidRequest && error?.details["field"] == "content")
            #expect(error?.message.contains("more tags than a name of 255 bytes can have") == true, "\(error?.message ?? "")")
        }
    }
}
