/// `manual`: the page for man(1).
enum ManualCommand: Command {
    static let name = "manual"
    static let form = CommandForm(
        summary: "print the manual page, for man",
        options: [],
        description: "`make install` puts it where man looks for it. Without that: save-server manual | man -l -.")

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        print(ManualPage.text, terminator: "")
        return 0
    }
}
