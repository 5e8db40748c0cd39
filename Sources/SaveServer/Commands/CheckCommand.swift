internal import SavePlatform

/// `check`: reads the configuration and says what is wrong with it.
enum CheckCommand: Command {
    static let name = "check"
    static let summary = "validate the configuration and exit"
    static let help = """
        save-server check [--config FILE]

        Reads the configuration as `serve` would, loads the plugins it names, and exits 0; a mistake is named and the exit
        status is 1.
        """
    static let options: (valued: Set<String>, flags: Set<String>) = (["--config", "--data", "--listen"], [])

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let configuration = try arguments.configuration(environment)
        _ = try FormatRegistry.complete(configuration)
        print(
            "the configuration is valid: data in \(configuration.data), listening on \(configuration.host):\(configuration.port)")
        return 0
    }
}
