internal import SavePlatform

/// `check`: reads the configuration and says what is wrong with it.
enum CheckCommand: Command {
    static let name = "check"
    static let form = CommandForm(
        summary: "validate the configuration and exit",
        options: [.config, .data, .listen],
        description: """
            Reads the configuration as `serve` would, and loads what it names: plugins, the TLS certificate and its key,
            authorities, the server's key. Exits 0; a mistake is named and the exit status is 1.
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let configuration = try arguments.configuration(environment)
        try Assembly.check(configuration, environment: environment)
        print(
            "the configuration is valid: data in \(configuration.data), listening on \(configuration.host):\(configuration.port)")
        return 0
    }
}
