/// Where a format came from.
package enum FormatOrigin: Sendable, Hashable {
    /// Named in the server's own list of formats.
    case compiledIn
    /// Loaded at start from the shared object at this path.
    case loaded(path: String)
}
