internal import SavePlatform
internal import Synchronization

/// A page on its way to one client, made and compressed piece by piece.
final class PieceStream: Sendable {
    private struct State {
        var place = 0
        var compressor: (any StreamCompressing)?
        var isAtEnd = false
    }

    private let pieces: DocumentPieces
    private let state: Mutex<State>

    /// - Parameter compressor: makes what compresses it; nil where it is sent as it is.
    init(_ pieces: DocumentPieces, _ compressor: (() -> (any StreamCompressing)?)?) throws {
        self.pieces = pieces
        var state = State()
        if let compressor {
            guard let compressor = compressor() else {
                throw SaveError(.internalFailure, "there is no memory to compress a page")
            }
            state.compressor = compressor
        }
        self.state = Mutex(state)
    }

    /// The next bytes; nil at the end.
    func next() throws -> [UInt8]? {
        try state.withLock { state in
            while !state.isAtEnd {
                let piece = pieces.next(&state.place)
                state.isAtEnd = piece == nil
                let bytes = try state.compressor?.compress(piece) ?? piece ?? []
                if !bytes.isEmpty { return bytes }
            }
            return nil
        }
    }
}
