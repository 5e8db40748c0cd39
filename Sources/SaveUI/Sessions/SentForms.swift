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
    /// - Returns: false where it has done it already.
    /// - Throws: `invalidRequest` for a form without an id.
    func begin(_ call: PageCall) throws -> Bool {
        guard !call[Self.field].isEmpty else {
            throw SaveError.invalid(Self.field, "the form is not complete: open the page, and send it again")
        }
        let id = id(call)
        return sent.withLock { sent in
            defer { sent[id] = true }
            return sent[id] == nil
        }
    }

    /// Notes that nothing came of a form.
    func forget(_ call: PageCall) {
        let id = id(call)
        sent.withLock { $0[id] = nil }
    }

    private func id(_ call: PageCall) -> String { "\(call.session?.record.id ?? "") \(call[Self.field])" }
}
