import SavePlatform
import Synchronization

/// What one thread opens and others wait for.
final class Gate: Sendable {
    private let condition = Condition()
    private let isOpen = Mutex(false)

    func open() {
        condition.withLock {
            isOpen.withLock { $0 = true }
            condition.broadcast()
        }
    }

    func wait() {
        condition.withLock { while !isOpen.withLock({ $0 }) { condition.wait() } }
    }

    func opened() async { while !isOpen.withLock({ $0 }) { await Task.yield() } }
}

/// How often something happened.
final class Count: Sendable {
    private let count = Atomic(0)

    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
    var value: Int { count.load(ordering: .relaxed) }
}

/// Names that several tasks add to.
final class Names: Sendable {
    private let names = Mutex<Set<String>>([])

    func add(_ name: String) { names.withLock { _ = $0.insert(name) } }
    var all: Set<String> { names.withLock { $0 } }
}
