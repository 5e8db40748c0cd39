internal import SaveStorage
internal import Synchronization

/// The catalogue as it is now. `Catalogue` installs what it reads from the database; everything else only looks here.
package final class CurrentCatalogue: Sendable {
    private struct State {
        var snapshot = CatalogueSnapshot()
        var installed: UInt64 = 0
        var issued: UInt64 = 0
    }

    private let state = Mutex(State())
    private let latest = Atomic<UInt64>(0)

    /// An empty catalogue.
    package init() {}

    /// What there is now.
    package var snapshot: CatalogueSnapshot { state.withLock { $0.snapshot } }

    /// The generation of what there is now, at less cost than `snapshot`.
    package var generation: UInt64 { latest.load(ordering: .acquiring) }

    /// The generation of a catalogue that is read from now on.
    func begin() -> UInt64 {
        state.withLock { state in
            state.issued += 1
            return state.issued
        }
    }

    /// Installs a catalogue. A reading that began later saw at least as much: an earlier one does not take its place.
    func install(_ snapshot: CatalogueSnapshot) {
        state.withLock { state in
            guard snapshot.generation > state.installed else { return }
            install(snapshot, in: &state)
        }
    }

    /// Installs some keys that were read under a generation, and nothing else; false where that is not enough, because another
    /// reading began before and has not ended, or began later and has.
    func install(keys: [(id: String, record: KeyRecord?)], generation: UInt64) -> Bool {
        state.withLock { state in
            // Callers that came before this read must be answered by it, and none that came later: those may have seen other things.
            guard generation == state.installed + 1 else { return false }
            install(CatalogueSnapshot(state.snapshot, keys: keys, generation: generation), in: &state)
            return true
        }
    }

    private func install(_ snapshot: CatalogueSnapshot, in state: inout State) {
        state.installed = snapshot.generation
        state.snapshot = snapshot
        latest.store(snapshot.generation, ordering: .releasing)
    }
}
