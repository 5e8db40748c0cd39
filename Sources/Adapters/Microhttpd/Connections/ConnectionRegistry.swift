internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// Every open connection. A descriptor in here is open: it leaves before the library closes it, under the same lock.
final class ConnectionRegistry: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: Connection] = [:]
        var perAddress: [[UInt8]: Int] = [:]
        var maxOpen = 0
    }
    private let state = Mutex(State())

    func add(_ connection: Connection) {
        state.withLock { state in
            state.connections[ObjectIdentifier(connection)] = connection
            state.perAddress[connection.client.network, default: 0] += 1
            state.maxOpen = max(state.maxOpen, state.connections.count)
        }
    }

    func remove(_ connection: Connection) {
        state.withLock { state in
            guard state.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
            let network = connection.client.network
            let rest = (state.perAddress[network] ?? 1) - 1
            state.perAddress[network] = rest > 0 ? rest : nil
        }
    }

    /// The most connections that there were at a time since this was asked last.
    func takeMost() -> Int {
        state.withLock { state in
            defer { state.maxOpen = state.connections.count }
            return state.maxOpen
        }
    }

    var count: Int { state.withLock { $0.connections.count } }

    func count(from client: ClientAddress) -> Int {
        state.withLock { $0.perAddress[client.network] ?? 0 }
    }

    /// Hands out every connection; none can be closed meanwhile.
    func withAll(_ body: ([Connection]) -> Void) {
        state.withLock { body(Array($0.connections.values)) }
    }
}
