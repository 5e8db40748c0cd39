import Foundation
import SaveAccess
import SaveDigest
import SavePlatform
import SavePlugins
import SaveTestKit
import Testing

/// What is refused before anything is loaded. `Tests/EndToEnd/test_plugins.py` loads and refuses real ones.
@Suite struct PluginLoaderTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/plugin.so"
    }

    /// Writes a file and says why it is refused.
    private func refusal(of bytes: [UInt8], mode: Int = 0o644, pin: String = "") throws -> String {
        FileManager.default.createFile(atPath: path, contents: Data(bytes), attributes: [.posixPermissions: mode])
        return try refusal(pin)
    }

    private func refusal(_ pin: String = "") throws -> String {
        let setting = try #require(PluginSetting(path + pin))
        var formats = FormatRegistry()
        let error = #expect(throws: SaveError.self) { try PluginLoader.load(setting, into: &formats) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.details["key"] == "plugins")
        #expect(formats.descriptors.isEmpty)
        let start = "'plugins': \(path) was refused: "
        let message = error?.message ?? ""
        #expect(message.hasPrefix(start), "\(message)")
        return String(message.dropFirst(start.count))
    }

    /// The first bytes of a shared object of one segment, all of which there is.
    private static func header(type: UInt8 = 3, segmentEnd: UInt64 = 120, sectionOffset: UInt64 = 0) -> [UInt8] {
        let number = { (value: UInt64, size: Int) in (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
        var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
        bytes += [type, 0, 62, 0, 1, 0, 0, 0] + number(0, 8) + number(64, 8) + number(sectionOffset, 8)
        bytes += number(0, 4) + number(64, 2) + number(56, 2) + number(1, 2) + number(64, 2) + number(0, 2) + number(0, 2)
        bytes += number(1, 4) + number(4, 4) + number(0, 8) + number(0, 16) + number(segmentEnd, 8) + number(segmentEnd, 8)
        return bytes + number(4096, 8)
    }

    @Test func `a file that is not there is named with the reason`() throws {
        #expect(try refusal() == "it cannot be opened: No such file or directory")
    }

    @Test func `a folder and a named pipe are no plugins, and the pipe is not waited for`() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(try refusal() == "it is not a regular file")
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o644) == 0)
        #expect(try refusal() == "it is not a regular file")
    }

    @Test(arguments: [0o664, 0o646, 0o777])
    func `a file that others can write is refused`(_ mode: Int) throws {
        let reason = try refusal(of: Self.header(), mode: mode)
        #expect(reason == "its mode \(String(mode, radix: 8)) lets others write it; chmod go-w mends that")
    }

    @Test func `a file of somebody else is refused`() throws {
        // Only root can give files away; anybody else has no such file at hand.
        guard geteuid() == 0 else { return }
        FileManager.default.createFile(atPath: path, contents: Data(Self.header()))
        #expect(chown(path, 12345, 0) == 0)
        #expect(try refusal() == "it belongs to user 12345; it must belong to root or to the server's own user")
    }

    @Test func `bytes that are not those of the pin are refused`() throws {
        let pin = String(repeating: "0", count: 64)
        let reason = try refusal(of: Self.header(), pin: "#sha256=\(pin)")
        #expect(reason == "its SHA-256 is \(Digest.hex(Self.header())), and the setting says \(pin)")
    }

    @Test(arguments: [
        [], Array("#!/bin/sh\n".utf8), Array(header().prefix(63)), header(type: 2), [UInt8](repeating: 0xFF, count: 200),
    ])
    func `what is no shared object is refused`(_ bytes: [UInt8]) throws {
        #expect(try refusal(of: bytes) == "it is not a shared object of a 64-bit machine")
    }

    @Test func `a file that was cut short is refused, and not mapped`() throws {
        #expect(try refusal(of: Self.header(segmentEnd: 9000)) == "it is cut short: 120 of at least 9000 bytes")
        #expect(try refusal(of: Self.header(sectionOffset: 5000)) == "it is cut short: 120 of at least 5000 bytes")
        #expect(try refusal(of: Self.header(segmentEnd: .max)) == "it is cut short: 120 of at least \(UInt64.max) bytes")
    }

    @Test func `what the dynamic linker refuses is said in its words`() throws {
        #expect(try refusal(of: Self.header()).hasPrefix("it cannot be loaded: "))
    }
}
