import FormatChunks
import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

/// The rule for uploads in several requests, shown by formats that break it and nothing else.
@Suite struct SessionConformanceTests {
    private func conformance(_ format: any RepositoryFormat.Type) -> FormatConformance {
        let body = Array("a file in pieces".utf8)
        let digest = Digest.hex(body)
        return FormatConformance(
            format, paths: ["/files/" + digest], indexes: [], uploads: [SampleUpload(.put, "/files/" + digest, body: body)],
            sessions: [
                SampleSession(
                    SampleUpload(.put, "/files/" + digest, body: body), opening: (.post, "/uploads/"),
                    ending: (.put, "?digest=" + digest))
            ])
    }

    @Test func `a format that takes uploads in several requests keeps the rules of all formats`() async throws {
        #expect(try await conformance(ChunksFormat.self).violations() == [])
        #expect(try await conformance(BrokenSessionsFormat<Nothing>.self).violations() == [])
    }

    @Test func `a format with one fault breaks one rule`() async throws {
        let cut = "an upload in several requests is the upload in one"
        #expect(try await conformance(BrokenSessionsFormat<ForgetsTheSession>.self).brokenLaws() == [cut])
        #expect(try await conformance(BrokenSessionsFormat<TakesAnySession>.self).brokenLaws() == [cut])
        let claims = "what is claimed works, and the rest is refused"
        #expect(try await conformance(BrokenSessionsFormat<ClaimsNoSessions>.self).brokenLaws() == [claims])
    }

    @Test func `a claim of uploads in several requests needs a sample`() async throws {
        let body = Array("x".utf8)
        let upload = SampleUpload(.put, "/files/" + Digest.hex(body), body: body)
        let broken = try await FormatConformance(ChunksFormat.self, paths: [upload.path], indexes: [], uploads: [upload])
            .violations()
        #expect(broken.count == 1 && broken[0].contains("no sample shows one"))
    }
}

private enum Nothing: SessionFaultName { static let fault = SessionFault.nothing }
private enum ForgetsTheSession: SessionFaultName { static let fault = SessionFault.forgetsTheSession }
private enum TakesAnySession: SessionFaultName { static let fault = SessionFault.takesAnySession }
private enum ClaimsNoSessions: SessionFaultName { static let fault = SessionFault.claimsNoSessions }
