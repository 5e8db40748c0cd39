import SavePlatform
import SaveTestKit
import Testing

/// The suites are worth something only if each kind of broken store fails the law that is about it.
@Suite struct BrokenStoreTests {
    struct Case: Sendable, CustomStringConvertible {
        let description: String
        let law: String
        let store: @Sendable () -> BrokenBlobStore
    }

    static let blobCases: [Case] = [
        writer(.dropsBytes, "bytes come back as they were written"),
        writer(.ignoresExpectation, "another digest than expected leaves nothing"),
        writer(.commitsAtFinish, "nothing is visible before commit"),
        writer(.ignoresCancel, "a cancelled writer leaves nothing and does nothing more"),
        writer(.blindReader, "a reader sees what is written so far, and what is written later"),
        writer(.skipsKnownBytes, "bytes that are committed again are young again"),
        Case(description: "deletes what is young", law: "delete removes what was committed before a moment, and only that") {
            BrokenBlobStore(moment: { _ in Timestamp(microseconds: .max) })
        },
        Case(description: "never deletes", law: "delete removes what was committed before a moment, and only that") {
            BrokenBlobStore(moment: { _ in Timestamp(microseconds: .min) })
        },
        writer(.letsGoAtCommit, "a blob whose writer has not ended is never removed"),
        Case(description: "removes what is needed", law: "delete asks, and leaves what is needed") {
            BrokenBlobStore(deletesNeeded: true)
        },
        Case(description: "lists in any order", law: "listing is ordered and complete, page by page") {
            BrokenBlobStore(page: { $0.reversed() })
        },
        Case(description: "leaves out one of a page", law: "listing is ordered and complete, page by page") {
            BrokenBlobStore(page: { $0.count > 2 ? Array($0.dropFirst()) : $0 })
        },
        Case(description: "calls the absent unavailable", law: "what is absent is absent") {
            BrokenBlobStore(absent: .storageUnavailable)
        },
        part(.ignoresOffset, "a part is streamed with its length, and ends there"),
        part(.readsOn, "a part is streamed with its length, and ends there"),
        part(.endsEarly, "a part is streamed with its length, and ends there"),
        part(.forgetsDeletion, "an open blob that was deleted gives its bytes, or says that they are gone"),
    ]

    private static func part(_ fault: BrokenParts.Fault, _ law: String) -> Case {
        Case(description: "\(fault)", law: law) { BrokenBlobStore(part: fault) }
    }

    private static func writer(_ fault: BrokenBlobWriter.Fault, _ law: String) -> Case {
        Case(description: "\(fault)", law: law) { BrokenBlobStore(fault: fault) }
    }

    @Test(arguments: blobCases)
    func `a broken blob store fails the law about its fault`(_ broken: Case) async throws {
        let law = try #require(BlobStoreConformance.laws.first { $0.description == broken.law })
        await #expect(throws: LawViolation.self) { try await law.check(broken.store()) }
    }

    @Test(arguments: [
        (BrokenMetadataStore.Fault.keepsFailedWrites, "a write that throws changes nothing and passes its error on"),
        (.losesWrites, "what a write returned is there for the next read"),
        (.replacesTakenNames, "a taken name is alreadyExists, and changes nothing"),
        (.leavesKeys, "an account takes its keys and memberships along, and only its own"),
        (.forksTheTrail, "what writes record at the same time is one chain, and there when they return"),
        (.keepsSessions, "sessions come back as they were put, oldest first, and go with their user"),
        (.mixesUpAccounts, "an account is found by the very bytes of its name, and by no other"),
        (.confusesPrefixes, "files below a directory come in order, page by page, none twice, none left out"),
        (.comparesText, "paths are bytes: texts that only look alike are two files"),
        (.sharesSerials, "a change of a package's attributes counts apart from those of its files"),
        (.wildcards, "packages are ordered, paged and searched literally"),
        (.looksFurther, "a part of the packages is looked at, by places"),
        (.countsFromNought, "a part of the packages is looked at, by places"),
        (.leavesSidecars, "a file takes its sidecars along, and only its own"),
        (.keepsRetiredNames, "a retired name comes back as it was put, by path and by identity, until it is free again"),
        (.ignoresUntil, "times filter by each record's own time, however the clock jumps"),
        (.newestLast, "every filter of the audit trail filters, alone and with others"),
        (.forgetsIndexes, "a blob is needed as long as any record needs it"),
        (.listsBlobsTwice, "needed blobs are listed once, in order, page by page, with who needs them"),
    ])
    func `a broken metadata store fails the law about its fault`(_ fault: BrokenMetadataStore.Fault, _ law: String) async throws {
        let law = try #require(MetadataStoreConformance.laws.first { $0.description == law })
        await #expect(throws: LawViolation.self) { try await law.check(BrokenMetadataStore(fault: fault)) }
    }
}
