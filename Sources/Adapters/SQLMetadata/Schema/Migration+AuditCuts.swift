extension Migration {
    /// Where the audit trail was cut: only what is before the last cut can be removed.
    static let auditCuts = Migration(number: 3, name: "audit cuts") { dialect in
        ["CREATE TABLE audit_cuts (sequence \(dialect.rowNumber), hash TEXT NOT NULL)"]
            + dialect.appendOnly("audit_cuts")
            + dialect.removableThrough("audit", "sequence", "SELECT coalesce(max(sequence), 0) FROM audit_cuts")
    }
}
