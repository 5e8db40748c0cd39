package import SavePlatform
internal import Synchronization

/// Where files may be refused now that were given out before, waiting to be gone through.
package final class ExposureQueue: Sendable {
    /// A repository, or one package of it.
    package struct Place: Hashable, Sendable {
        package let repository: Int64
        /// nil for all.
        package let package: PackageID?
    }

    private let waiting = Mutex<[Place]>([])
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let counted = Atomic(0)

    /// Past so many places a whole repository takes the place of its packages.
    private static let maxWaiting = 1000

    init() { (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Versions that were found, since the start.
    package var total: Int { counted.load(ordering: .relaxed) }

    func count() { counted.wrappingAdd(1, ordering: .relaxed) }

    /// Has a place gone through, once however often it is called until then.
    func request(_ repository: Int64, package: PackageID? = nil) {
        waiting.withLock { waiting in
            let whole = Place(repository: repository, package: nil)
            if waiting.contains(whole) { return }
            let place = waiting.count < Self.maxWaiting ? Place(repository: repository, package: package) : whole
            if place == whole { waiting.removeAll { $0.repository == repository } }
            if !waiting.contains(place) { waiting.append(place) }
        }
        wake.yield()
    }

    /// A place that is to be gone through now. What is asked for from now on is gone through again.
    func next() -> Place? { waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() } }

    /// Waits for something to do, again and again, until the task is cancelled. Call it once.
    func run(_ work: @Sendable () async -> Void) async { for await _ in wakes { await work() } }
}
