import Foundation
import Testing

/// The one line of a refusal is all that many clients show a person.
@Suite struct RefusalTextTests {
    /// What clients of repositories are refused with is made here.
    private static let folders = [
        "Sources/SavePlatform", "Sources/Engine", "Sources/Formats", "Plugins/Npm/Sources", "Plugins/Template/Sources",
        "Sources/Adapters/Curl",
        "Sources/Adapters/Microhttpd", "Sources/SaveServer/Gateway",
    ]

    /// Failures of the request, of the upstream and of the moment. `internalFailure` is nothing that a client can mend.
    private static let codes =
        "packageNotFound|assetNotFound|repositoryNotFound|notFound|alreadyExists|nameRetired|conflict|tooLarge|notAcceptable"
        + "|unsupportedMediaType|unauthenticated|forbidden|blocked|tooManyRequests|upstreamUnavailable|upstreamInvalid|busy|storageFull"

    /// A text says what to do after a colon or a semicolon, or by saying what must be.
    private static var remedy: Regex<(Substring, Substring?)> { /[:;] | must |sign in|what is sent|\\\((mend|message)\)/ }

    @Test func `a refusal of the data plane says what to do about it`() throws {
        let refusal = try Regex(
            #"(?:SaveError\(\s*\.(?:\#(Self.codes)),|Refusal\(\s*4[0-9][0-9],)\s*"((?:[^"\\]|\\\((?:[^()"]|"[^"]*"|\([^()]*\))*\)|\\.)*)""#,
            as: (Substring, Substring).self)
        var found = 0
        for folder in Self.folders {
            for file in try SourceTree(folder).files where !Self.isElsewhere(file.path) {
                for match in file.lines.joined(separator: "\n").matches(of: refusal) {
                    found += 1
                    let text = String(match.output.1)
                    #expect(text.contains(Self.remedy), "\(file.path): \(text)")
                    #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(file.path): \(text)")
                    // What stands in the text besides comes from the request: the rest leaves it room, or says it first.
                    #expect(text.replacing(/\\\(([^()]|\([^()]*\))*\)/, with: "").utf8.count <= 200, "\(file.path): \(text)")
                }
            }
        }
        #expect(found > 100)
    }

    /// Accounts are changed through the REST API, and stores in memory are for tests.
    private static func isElsewhere(_ path: String) -> Bool { path.contains("/InMemory/") || path.hasSuffix("/Accounts.swift") }
}
