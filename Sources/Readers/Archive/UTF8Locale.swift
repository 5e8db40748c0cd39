internal import CArchive

/// A locale whose text is UTF-8, for code of a C library that asks its thread which one that is.
enum UTF8Locale {
    /// Made once, and kept while the process runs. glibc has `C.UTF-8` built in; where there is none, the thread keeps its own.
    ///
    /// SAFETY: never changed after it was made; a locale may be used by any number of threads (uselocale(3)).
    nonisolated(unsafe) private static let locale = save_archive_utf8_locale()

    /// Runs code on a thread whose locale is this one, and gives the thread back as it was.
    static func during<Value>(_ body: () throws -> Value) rethrows -> Value {
        guard let locale else { return try body() }
        let before = uselocale(locale)
        defer { _ = uselocale(before) }
        return try body()
    }
}
