internal import CPostgres
package import SavePlatform

/// Where a database is: a URL as libpq reads it (PostgreSQL 15, 34.1.1), with several hosts and TLS where it says so.
package struct PostgresAddress: Sendable, Equatable, CustomStringConvertible {
    /// With its password.
    private let url: String

    /// - Throws: `invalidConfiguration` with a sentence that has nothing of the URL in it.
    package init(_ url: String) throws {
        let hasScheme = url.hasPrefix("postgresql://") || url.hasPrefix("postgres://")
        // libpq's own message repeats the URL with its password.
        let options = hasScheme && !url.utf8.contains(0) ? PQconninfoParse(url, nil) : nil
        guard let options else {
            throw Self.unreadable
        }
        defer { PQconninfoFree(options) }
        guard Self.isComplete(options) else { throw Self.unreadable }
        self.url = url
    }

    private static let unreadable = SaveError(
        .invalidConfiguration,
        "must be a URL such as postgresql://save:password@db.example.com/save?sslmode=verify-full; percent-encode what is special in the password"
    )

    /// Whether every part is one of its kind. A password with `/`, `@` or `:` that is not encoded makes libpq take a piece of it for a
    /// host, a port or a name, which its messages repeat.
    private static func isComplete(_ options: UnsafeMutablePointer<PQconninfoOption>) -> Bool {
        var option = options
        // SAFETY: PostgreSQL 15, 34.1: the array ends with an entry whose keyword is a null pointer.
        while let keyword = option.pointee.keyword {
            defer { option += 1 }
            guard let value = option.pointee.val.map({ String(cString: $0).utf8 }) else { continue }
            let isRight =
                switch String(cString: keyword) {
                case "port": value.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ",") }
                case "host", "hostaddr": !value.contains(UInt8(ascii: "@"))
                case "dbname": !value.contains(UInt8(ascii: "@")) && !value.contains(UInt8(ascii: "/"))
                default: true
                }
            guard isRight else { return false }
        }
        return true
    }

    /// For people: what an operator may see.
    package var description: String { "the PostgreSQL database" }

    /// In libpq's order: what comes later wins, so the first are defaults of a URL that says nothing of them.
    var parameters: [(name: String, value: String)] {
        [
            ("application_name", "save-server"), ("connect_timeout", "5"),
            // With several hosts the one that takes writes is found, also after a failover.
            ("target_session_attrs", "read-write"),
            // A peer that vanished is noticed within half a minute.
            ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "20000"),
            ("dbname", url), ("client_encoding", "UTF8"),
        ]
    }
}
