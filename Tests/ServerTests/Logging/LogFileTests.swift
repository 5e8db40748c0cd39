import Foundation
import SavePlatform
import SaveServer
import SaveTestKit
import Testing

@Suite struct LogFileTests {
    private func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private func line(_ number: Int) -> [UInt8] { Array("line \(number)\n".utf8) }

    @Test func `lines go on in a new file once it is opened again, and not before`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/log"
        let file = try LogFile(path, rotation: nil)
        file.write(line(1))
        #expect(rename(path, path + ".old") == 0)
        file.write(line(2))
        try file.reopen()
        file.write(line(3))
        #expect(text(path + ".old") == "line 1\nline 2\n")
        #expect(text(path) == "line 3\n")
    }

    @Test func `a file that is there is added to`() throws {
        let folder = try TemporaryFolder()
        for number in 1...2 { try LogFile(folder.path + "/log", rotation: nil).write(line(number)) }
        #expect(text(folder.path + "/log") == "line 1\nline 2\n")
    }

    @Test func `a file that would get too long is moved aside, the oldest one goes, and every line is whole`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/log"
        let file = try LogFile(path, rotation: .init(size: 14, kept: 2))
        for number in 1...7 { file.write(line(number)) }
        #expect(text(path) == "line 7\n")
        #expect(text(path + ".1") == "line 5\nline 6\n")
        #expect(text(path + ".2") == "line 3\nline 4\n")
        #expect(text(path + ".3") == nil)
    }

    @Test func `the size counts from what was in the file before the start`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/log"
        for number in 1...3 { try LogFile(path, rotation: .init(size: 14, kept: 1)).write(line(number)) }
        #expect(text(path) == "line 3\n")
        #expect(text(path + ".1") == "line 1\nline 2\n")
    }

    @Test func `what cannot be opened is named, and lines go on where they went`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/log"
        let file = try LogFile(path, rotation: nil)
        #expect(rename(path, path + ".old") == 0)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let error = #expect(throws: SaveError.self) { try file.reopen() }
        #expect(error?.message.contains(path) == true)
        file.write(line(1))
        #expect(text(path + ".old") == "line 1\n")
    }
}
