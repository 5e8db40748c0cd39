internal import FormatPyPI
internal import FormatRaw
package import SavePlatform
internal import SavePlugins

/// The formats compiled into this server. To add one: add its target to Package.swift and one line here.
package func registerFormats(in registry: inout FormatRegistry) throws {
    try registry.register(PyPIFormat.self)
    try registry.register(RawFormat.self)
}

extension FormatRegistry {
    /// The formats of a server: those that are compiled in, then those that its configuration loads, in that order.
    ///
    /// - Parameter note: told of each that is loaded.
    /// - Throws: `invalidConfiguration`; a server never starts with fewer formats than it was told to have.
    static func complete(
        loading plugins: [PluginSetting], note: (PluginLoader.Loaded) -> Void = { _ in }
    ) throws -> FormatRegistry {
        var registry = FormatRegistry()
        try registerFormats(in: &registry)
        for plugin in plugins { note(try PluginLoader.load(plugin, into: &registry)) }
        return registry
    }
}
