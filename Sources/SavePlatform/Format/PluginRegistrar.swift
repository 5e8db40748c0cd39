/// What a shared object is handed to register its formats with, once it is known to fit this server
/// (`docs/plugin-abi.md`).
///
/// A class, because it crosses a C function as a pointer. Used by one thread, while the server starts.
public final class PluginRegistrar {
    /// Why a format was refused.
    package private(set) var refusal: (any Error)?
    private let add: (any RepositoryFormat.Type) throws -> Void

    /// - Parameter add: takes a format, or throws why it cannot be.
    package init(_ add: @escaping (any RepositoryFormat.Type) throws -> Void) { self.add = add }

    /// Registers a format; what is wrong with it is kept for the server to say.
    ///
    /// - Returns: 0, or 1 when it was refused.
    package func register(_ format: any RepositoryFormat.Type) -> Int32 {
        do {
            try add(format)
            return 0
        } catch {
            refusal = error
            return 1
        }
    }

    /// Registers a format with the registrar that a C entry point was handed.
    ///
    /// - Returns: what the entry point returns: 0, or 1 when it was refused.
    public static func register(_ format: any RepositoryFormat.Type, with registrar: UnsafeMutableRawPointer) -> Int32 {
        Unmanaged<PluginRegistrar>.fromOpaque(registrar).takeUnretainedValue().register(format)
    }
}
