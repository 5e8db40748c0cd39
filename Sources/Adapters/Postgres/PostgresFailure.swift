internal import SavePlatform

/// What PostgreSQL or libpq said, by its SQLSTATE (PostgreSQL 15, appendix A). Errors are told apart by code; by text only where
/// libpq keeps the code to itself (`init(connecting:)`).
struct PostgresFailure: Error, CustomStringConvertible {
    /// Five characters; empty where libpq itself gave up the connection, or never got one.
    let state: String
    /// For the log. It names hosts, tables and constraints, never values or passwords.
    let message: String

    init(state: String, message: String) {
        self.state = state
        self.message = message
    }

    var description: String { "PostgreSQL \(state.isEmpty ? "connection" : state): \(message)" }

    /// Whether the connection is of no use any more: broken, shut down (57P01 to 57P03), or one to a server that only reads (25006),
    /// which a failover leaves behind.
    var isLost: Bool { state.isEmpty || state.hasPrefix("08") || state.hasPrefix("57P0") || state == "25006" }

    /// Whether another writer was in the way, and the same transaction may well succeed now: serialization failure, deadlock.
    var isOvertaken: Bool { state == "40001" || state == "40P01" }

    /// Whether the database has all the connections it takes. One that ends makes room.
    var isCrowded: Bool { state == "53300" }

    /// Whether the same transaction may well succeed a moment later. A lock that was not to be had in time is another writer in the way.
    var mayPass: Bool { isOvertaken || isLost || isCrowded || state == "55P03" }

    /// The failure in the platform's terms.
    var error: SaveError {
        switch state {
        case "23505": SaveError(.alreadyExists, "a record of this name exists already", underlying: self)
        case "23503":
            SaveError(.conflict, "a record that this one belongs to is gone, or others still belong to it", underlying: self)
        case "22021": SaveError(.invalidRequest, "the text has a character that the database cannot keep: leave it out")
        case "53100":
            SaveError(.storageFull, "the disk of the database is full: ask an administrator to make room", underlying: self)
        case "40001", "40P01", "55P03", "57014":
            SaveError(.busy, "the database is busy with other changes: ask again later", underlying: self)
        case "53300":
            SaveError(
                .busy, "the database takes no more connections: ask again later; the operator raises its max_connections",
                underlying: self)
        case "28000", "28P01":
            SaveError(.storageUnavailable, "the database refuses the server's name or password", underlying: self)
        case "3D000": SaveError(.storageUnavailable, "the database does not exist: create it", underlying: self)
        case "42501":
            SaveError(
                .storageUnavailable, "the database does not let the server's account do its work: make it the owner",
                underlying: self)
        case _ where isLost || state.hasPrefix("53") || state.hasPrefix("58") || state.hasPrefix("XX"):
            SaveError(.storageUnavailable, "the database cannot be reached or used: the server's log says why", underlying: self)
        default: SaveError(.internalFailure, "the database refused a statement", underlying: self)
        }
    }

    /// Parts of what PostgreSQL 15 (postinit.c, auth.c, hba.c), libpq and PgBouncer say to a connection that they refuse.
    private static let refusals: [(state: String, texts: [String])] = [
        (
            "53300",
            [
                "too many clients already", "connection slots are reserved", "too many connections for",
                "no more connections allowed",
            ]
        ),
        (
            "28P01",
            ["authentication failed for user", "no password supplied", "no pg_hba.conf entry", "is not permitted to log in"]
        ),
        ("28000", ["FATAL:  role \""]), ("3D000", ["FATAL:  database \"", "no such database"]),
    ]

    /// Why no connection came about. libpq tells the code of no failed connection, so its text has to do: in another language than
    /// English it says "cannot be reached". Of several hosts, all have to say the same.
    init(connecting message: String) {
        let states = Set(
            message.split(separator: "connection to server ").map { text in
                Self.refusals.first { $0.texts.contains { text.contains($0) } }?.state ?? ""
            })
        self.init(state: states.count == 1 ? states.first ?? "" : "", message: message)
    }

    /// The server did not answer in time: it hangs, or the network does.
    static let silent = PostgresFailure(state: "", message: "no answer in time")
}
