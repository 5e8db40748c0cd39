internal import SaveAccess
internal import SavePlatform
internal import SavePlugins

/// `formats`: what formats the server has, and where each came from.
enum FormatsCommand: Command {
    static let name = "formats"
    static let form = CommandForm(
        summary: "list the formats, compiled in and loaded",
        options: [
            .config,
            .init("--fingerprint", nil, "print what a plugin must have been built for instead, and nothing else"),
        ],
        description: """
            Each line has a format's id, the version of the contract, where the format came from, its abilities, and its mount
            where it has one. The `plugins` of the configuration are loaded as `serve` would load them.
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        if arguments.flags.contains("--fingerprint") {
            guard let fingerprint = PluginLoader.fingerprint else {
                throw SaveError(.unsupported, "this program was linked without a build id: no plugin can be built for it")
            }
            print(fingerprint)
            return 0
        }
        let formats = try FormatRegistry.complete(try arguments.configuration(environment))
        for entry in formats.entries {
            let abilities = entry.descriptor.abilities.names.joined(separator: " ")
            let descriptor = entry.descriptor
            let fields = [descriptor.id, "\(descriptor.contract)", text(entry.origin), abilities]
            print((fields + (descriptor.mount.map { ["/\($0.path)/"] } ?? [])).joined(separator: "\t"))
        }
        return 0
    }

    private static func text(_ origin: FormatOrigin) -> String {
        switch origin {
        case .compiledIn: "compiled in"
        case .loaded(let path): path
        }
    }
}
