extension Migration {
    /// An index of what the audit trail says, which is brought up to date behind the writers' backs.
    static let auditText = Migration(number: 4, name: "audit text") { dialect in
        dialect.textIndex.create("audit_text") + [
            "CREATE TABLE audit_text_progress (through BIGINT NOT NULL)",
            "INSERT INTO audit_text_progress (through) VALUES (0)",
        ]
    }
}
