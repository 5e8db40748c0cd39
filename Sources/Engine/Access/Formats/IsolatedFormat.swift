package import SavePlatform

/// A format, or a part of one, that is asked through here only.
///
/// Code that is compiled in runs where it is asked. Code that was loaded runs on threads of its own, for at most some time: who
/// asks waits without holding a thread, and gets `formatTimeout` when the answer does not come, and `busy` from a format that is out
/// of service. Nothing else calls a format, so nothing has to be remembered where one is asked.
package struct IsolatedFormat<Subject: Sendable>: Sendable {
    private let subject: Subject
    /// nil for what is compiled in.
    private let threads: FormatExecutor?

    private init(_ subject: Subject, on threads: FormatExecutor?) {
        self.subject = subject
        self.threads = threads
    }

    package init(compiledIn subject: Subject) { self.init(subject, on: nil) }

    /// - Parameter id: the format's.
    package init(_ subject: Subject, loadedAs id: String, rules: SupervisionRules) {
        self.init(subject, on: FormatExecutor(name: id, rules: rules))
    }

    /// Whether it has threads of its own, which may block.
    var isLoaded: Bool { threads != nil }

    /// Asks something that is answered without waiting.
    ///
    /// - Parameters:
    ///   - pool: where code that is compiled in runs, for what takes its time or reads files.
    ///   - length: how much time it takes there.
    package func ask<Answer: Sendable>(
        on pool: BlockingPool? = nil, lasting length: BlockingPool.Length = .short,
        _ question: @escaping @Sendable (Subject) throws -> Answer
    ) async throws -> Answer {
        let subject = subject
        if let threads { return try await FormatCall(on: threads).run { try question(subject) } }
        if let pool { return try await pool.run(lasting: length) { try question(subject) } }
        return try question(subject)
    }

    /// Asks something during which the format waits.
    package func perform<Answer: Sendable>(
        _ action: @escaping @Sendable (Subject) async throws -> Answer
    ) async throws -> Answer {
        let subject = subject
        guard let threads else { return try await action(subject) }
        return try await FormatCall(on: threads).run(asynchronous: { try await action(subject) })
    }

    /// The same as something more particular; nil where it is not that. The closure casts, and calls nothing.
    package func cast<Other: Sendable>(_ cast: (Subject) -> Other?) -> IsolatedFormat<Other>? {
        cast(subject).map { IsolatedFormat<Other>($0, on: threads) }
    }

    /// What a format makes of itself, supervised like it.
    func make<Other: Sendable>(_ making: @escaping @Sendable (Subject) throws -> Other) async throws -> IsolatedFormat<Other> {
        IsolatedFormat<Other>(try await ask(making), on: threads)
    }
}
