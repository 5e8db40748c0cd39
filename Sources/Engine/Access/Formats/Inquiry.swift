internal import SavePlatform
internal import Synchronization

/// Asks a format from within a transaction (`IsolatedFormat.inquire`).
///
/// A transaction must not wait for code that may never come back: everybody's changes would wait with it. So a question to loaded code
/// that has no answer yet ends the transaction, is answered outside, and the transaction is made again, where the answer counts only
/// if the question is still the same.
package final class Inquiry<Subject: Sendable>: Sendable {
    /// Ends the transaction.
    struct Unanswered: Error {
        let question: any Sendable
        let body: @Sendable (Subject) throws -> any Sendable
    }

    /// Keeps what a cast would look into, such as an optional.
    private struct Boxed<Value: Sendable>: Sendable {
        let value: Value
    }

    private typealias Answer = (question: any Sendable, result: Result<any Sendable, any Error>)

    private let subject: Subject
    private let isDirect: Bool
    private let answers = Mutex<[Answer]>([])

    /// - Parameter isDirect: for code that is compiled in, which is called where it is asked.
    init(_ subject: Subject, isDirect: Bool) {
        self.subject = subject
        self.isDirect = isDirect
    }

    /// Asks the format.
    ///
    /// - Parameter question: everything that the answer depends on.
    /// - Throws: what `body` throws. What else it throws must be let through.
    package func ask<Question: Equatable & Sendable, Value: Sendable>(
        about question: Question, _ body: @escaping @Sendable (Subject) throws -> Value
    ) throws -> Value {
        if isDirect { return try body(subject) }
        let known = answers.withLock { $0.first { ($0.question as? Question) == question } }
        guard let known else { throw Unanswered(question: question) { Boxed(value: try body($0)) } }
        guard let value = try known.result.get() as? Boxed<Value> else {
            throw SaveError(.internalFailure, "one question has two kinds of answers")
        }
        return value.value
    }

    func note(_ question: any Sendable, _ result: Result<any Sendable, any Error>) {
        answers.withLock { $0.append((question, result)) }
    }
}
