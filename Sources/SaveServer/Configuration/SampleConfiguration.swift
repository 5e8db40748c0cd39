/// A configuration file that changes nothing: every key with its default and its meaning, as a comment.
enum SampleConfiguration {
    /// `# ` starts what is told, `#` without a space a key that can be used.
    static var text: String {
        let head = """
            Configuration of save-server \(Version.current). Every key stands here with its default: take the # away before those \
            that you change. Sizes are bytes, or have k, m, g or t behind them for powers of 1024. Lists have commas. An empty \
            value means none. Variables such as SAVE_LOG_LEVEL and the options --data and --listen win over this file.
            """
        let keys = Setting.all.map { setting in
            comment(setting.meaning) + "#\(setting.key) =" + (setting.standard.isEmpty ? "" : " \(setting.standard)") + "\n"
        }
        return ([comment(head)] + keys).joined(separator: "\n")
    }

    private static func comment(_ text: String) -> String {
        CommandHelp.wrapped(text, width: 98).map { "# \($0)\n" }.joined()
    }
}
