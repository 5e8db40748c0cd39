extension Migration {
    /// Whether a repository's downloads are in the audit trail.
    static let auditDownloads = Migration(number: 6, name: "audit downloads") { _ in
        ["ALTER TABLE repositories ADD COLUMN audit_downloads SMALLINT NOT NULL DEFAULT 0"]
    }
}
