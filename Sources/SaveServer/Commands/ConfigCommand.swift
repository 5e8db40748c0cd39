/// `config`: shows the configuration that holds, or a file to begin with.
enum ConfigCommand: Command {
    static let name = "config"
    static let form = CommandForm(
        summary: "print the configuration, and where each value comes from",
        options: [
            .init("--sample", nil, "print a configuration file instead, with every key, its default and its meaning"),
            .config, .data, .listen,
        ],
        description: """
            Prints a line for each key: `key = value`, and behind # where the value comes from: default, the line of the file,
            the variable, or the option. Names and passwords in addresses are hidden. `check` loads what the configuration
            names; this command reads nothing else. Where a process may have few files open, `serve` makes `open_files` and
            `max_connections` smaller, and logs so.

            With --sample it reads nothing. What it prints is a file for --config in which every key is a comment.
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        if arguments.flags.contains("--sample") {
            if let other = arguments.values.keys.min() {
                throw UsageError(
                    "--sample shows the defaults: \(other) makes no sense with it",
                    hint: "save-server config --help shows the form"
                )
            }
            print(SampleConfiguration.text, terminator: "")
            return 0
        }
        for line in try arguments.configurationWithSources(environment).lines { print(line) }
        return 0
    }
}
