internal import SaveCaching
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// Forms that did their work: one that is sent twice, by a reload or a second click, does it once.
final class SentForms: Sendable {
    static let field = "form_id"
    private enum State { case running, done }

    private let sent = Mutex(RecentTable<String, State>(capacity: 10_000))

    /// The field of a form that makes something.
    static func input() throws -> HTML {
        "<input type=\"hidden\" name=\"\(field)\" value=\"\(Hex.encode(try Secrets.random(16)))\">"
    }

    /// Notes that a form does its work now. One that was sent before, and whose work is not done yet, is waited for: what came of it is
    /// what the browser is told.
    ///
    /// - Returns: false where it has done it already.
    /// - Throws: `invalidRequest` for a form without an id, or with more than pages write; `conflict` where the work takes too long to be
    ///   waited for; `CancellationError`.
    func begin(_ call: PageCall) async throws -> Bool {
        // Ids are kept, so that none is longer than it needs to be.
        guard (1...128).contains(call[Self.field].utf8.count) else {
            throw SaveError.invalid(Self.field, "the form is not complete: open the page, and send it again")
        }
        let id = id(call)
        for _ in 0..<Self.looks {
            switch sent.withLock({ sent in
                defer { if sent[id] == nil { sent[id] = .running } }
                return sent[id]
            }) {
            case nil: return true
            case .done?: return false
            case .running?: try await Task.sleep(for: .milliseconds(50))
            }
        }
        throw SaveError(
            .conflict, "the form was sent twice, and the first is not done yet: open the page again to see what came of it")
    }

    /// How often a form looks for what came of the first that was sent: ten seconds in all.
    private static let looks = 200

    /// Notes that the work of a form is done.
    func finish(_ call: PageCall) {
        let id = id(call)
        sent.withLock { $0[id] = .done }
    }

    /// Notes that nothing came of a form.
    func forget(_ call: PageCall) {
        let id = id(call)
        sent.withLock { $0[id] = nil }
    }

    private func id(_ call: PageCall) -> String { "\(call.session?.record.id ?? "") \(call[Self.field])" }
}
