internal import SaveCaching
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// Forms that did their work: one that is sent twice, by a reload or a second click, does it once.
final class SentForms: Sendable {
    static let field = "form_id"

    private struct State {
        /// Those whose work is not done yet, each with the requests that wait for its end.
        var running: [String: [CheckedContinuation<Void, Never>]] = [:]
        var done = RecentTable<String, Bool>(capacity: 10_000)
    }

    private enum Look { case first, running, done }

    private let state = Mutex(State())

    /// The field of a form that makes something.
    static func input() throws -> HTML {
        "<input type=\"hidden\" name=\"\(field)\" value=\"\(Hex.encode(try Secrets.random(16)))\">"
    }

    /// Does the work of a form, unless it is done already. A form whose work is under way is waited for: what comes of it is what the browser
    /// is told. Where nothing came of it, the form does its work now.
    ///
    /// - Returns: what the work gave; nil where it was done before.
    /// - Throws: `invalidRequest` for a form without an id, or with more than pages write; what the work throws: then the same form may be
    ///   sent once more.
    func once<Result: Sendable>(_ call: PageCall, _ work: () async throws -> Result) async throws -> Result? {
        // Ids are kept, so that none is longer than it needs to be.
        guard (1...128).contains(call[Self.field].utf8.count) else {
            throw SaveError.invalid(Self.field, "the form is not complete: open the page, and send it again")
        }
        return try await once("\(call.session?.record.id ?? "") \(call[Self.field])", work)
    }

    func once<Result: Sendable>(_ id: String, _ work: () async throws -> Result) async throws -> Result? {
        while true {
            switch look(id) {
            case .done: return nil
            case .running: await wait(for: id)
            case .first:
                do {
                    let result = try await work()
                    end(id, isDone: true)
                    return result
                } catch {
                    end(id, isDone: false)
                    throw error
                }
            }
        }
    }

    /// Requests that wait for the end of another.
    var waiting: Int { state.withLock { state in state.running.values.reduce(0) { $0 + $1.count } } }

    func isRunning(_ id: String) -> Bool { state.withLock { $0.running[id] != nil } }

    private func look(_ id: String) -> Look {
        state.withLock { state in
            if state.done[id] != nil { return .done }
            guard state.running[id] == nil else { return .running }
            state.running[id] = []
            return .first
        }
    }

    private func wait(for id: String) async {
        await withCheckedContinuation { continuation in
            let isRunning = state.withLock { state in
                guard state.running[id] != nil else { return false }
                state.running[id]?.append(continuation)
                return true
            }
            if !isRunning { continuation.resume() }
        }
    }

    private func end(_ id: String, isDone: Bool) {
        let waiting = state.withLock { state in
            if isDone { state.done[id] = true }
            return state.running.removeValue(forKey: id) ?? []
        }
        for continuation in waiting { continuation.resume() }
    }
}
