internal import FormatCargo
internal import FormatGo
internal import FormatMaven
internal import FormatNpm
internal import FormatOci
internal import FormatPyPI
internal import FormatRaw
package import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SavePlugins

/// The formats compiled into this server. To add one: add its target to Package.swift and one line here.
package func registerFormats(in registry: inout FormatRegistry) throws {
    try registry.register(PyPIFormat.self)
    try registry.register(RawFormat.self)
    try registry.register(NpmFormat.self)
    try registry.register(GoFormat.self)
    try registry.register(MavenFormat.self)
    try registry.register(OciFormat.self)
    try registry.register(CargoFormat.self)
}

extension FormatRegistry {
    /// The formats of a server: those that are compiled in, then those that its configuration loads, in that order.
    ///
    /// - Parameter log: told of each that is loaded, and later of calls that do not come back.
    /// - Throws: `invalidConfiguration`; a server never starts with fewer formats than it was told to have.
    static func complete(_ configuration: ServerConfiguration, log: Log = .silent()) throws -> FormatRegistry {
        var supervision = SupervisionRules()
        supervision.deadline = .seconds(configuration.pluginDeadline)
        supervision.log = log
        var registry = FormatRegistry(supervision: supervision)
        try registerFormats(in: &registry)
        for plugin in configuration.plugins {
            let loaded = try PluginLoader.load(plugin, into: &registry)
            log(
                .notice, "plugin loaded",
                ["path": loaded.path, "sha256": loaded.sha256, "formats": loaded.formats.map(\.id).joined(separator: ", ")])
        }
        return registry
    }
}
