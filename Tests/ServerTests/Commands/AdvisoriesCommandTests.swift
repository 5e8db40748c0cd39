import Foundation
import SavePlatform
import SaveServer
import SaveTestKit
import Testing

@Suite struct AdvisoriesCommandTests {
    @Test func `records are imported by the server's own user alone, and the refusal names that user`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/server.key"
        try Data().write(to: URL(fileURLWithPath: path))
        try AdvisoriesCommand.checkOwner(of: path, is: geteuid())
        let refused = try #require(
            #expect(throws: SaveError.self) { try AdvisoriesCommand.checkOwner(of: path, is: geteuid() + 1) })
        let owner = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "#\(geteuid())"
        #expect(refused.code == .forbidden && refused.message.contains("sudo -u \(owner) save-server advisories import"))
        #expect(!refused.message.contains("\n"))
    }
}
