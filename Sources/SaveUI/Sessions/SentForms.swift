internal import SaveCaching
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// Forms that did their work: one that is sent twice, by a reload or a second click, does it once.
final class SentForms: Sendable {
    static let field = "form_id"
    private let sent = Mutex(RecentTable<String, Bool>(capacity: 10_000))

    /// The field of a form that makes something.
    static func input() throws -> HTML {
        "<input type=\"hidden\" name=\"\(field)\" value=\"\(Hex.encode(try Secrets.random(16)))\">"
    }

    /// Notes that a form does its work now.
    ///
    /// - Throws: `conflict` where it was sent before.
    func begin(_ call: PageCall) throws {
        let id = "\(call.session?.record.id ?? "") \(call[Self.field])"
        let isNew = sent.withLock { sent in
            defer { sent[id] = true }
            return sent[id] == nil
        }
        guard isNew else {
            throw SaveError(.conflict, "this form was sent already, and has done its work: open the page to see what came of it")
        }
    }
}
