import SaveHTTP
import SaveMicrohttpd
import SavePlatform
import SaveTestKit
import Synchronization
import Testing

/// One test at a time: several of them measure time.
@Suite(.serialized) enum MicrohttpdTests {}

/// A responder made of a closure.
struct Answering: Responder {
    let answer: @Sendable (HTTPRequest) async -> HTTPResponse
    func respond(to request: HTTPRequest) async -> HTTPResponse { await answer(request) }
    func immediateResponse(to request: HTTPRequest) -> HTTPResponse? { nil }
}

/// Runs a server for the time of a test.
func serving(
    _ configure: (inout HTTPServerConfiguration) -> Void = { _ in },
    answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse = { _ in .text(200, "hello") },
    _ test: (UInt16, HTTPServer) async throws -> Void
) async throws {
    var configuration = HTTPServerConfiguration()
    configuration.threads = 2
    // A client of a test may wait long for a processor. Tests of deadlines set their own.
    configuration.headerTimeout = .seconds(600)
    configuration.writeStallTimeout = .seconds(600)
    configure(&configuration)
    let server = try HTTPServer(configuration: configuration, responder: Answering(answer: answer), log: .silent())
    let (_, port) = try server.start()
    do {
        try await test(port, server)
    } catch {
        await server.drain(limit: .zero)
        throw error
    }
    await server.drain(limit: .zero)
}

/// Facts that a responder leaves behind for the test.
final class Notes<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    func add(_ value: Value) { values.withLock { $0.append(value) } }
    var all: [Value] { values.withLock { $0 } }

    /// The values once there are so many of them; fewer when ten seconds have passed.
    func wait(for count: Int) async throws -> [Value] {
        let deadline = ContinuousClock.now + .seconds(10)
        while all.count < count, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(2)) }
        return all
    }
}

/// A number that several tasks change.
final class Count: Sendable {
    private let number = Atomic<Int>(0)
    var value: Int { number.load(ordering: .relaxed) }
    func add(_ amount: Int) { number.add(amount, ordering: .relaxed) }
    func raise(to value: Int) { number.max(value, ordering: .relaxed) }
}

/// A door that tasks wait at until the test opens it.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
