extension Migration {
    /// The number of the last change of a package's attributes, out of the same count as that of all its changes: whether a package takes
    /// a file is decided by its attributes, and other files may come meanwhile.
    ///
    /// What was there before this step keeps 0 until its attributes change.
    static let attributeSerials = Migration(number: 9, name: "attribute serials") { _ in
        ["ALTER TABLE packages ADD COLUMN attributes_serial BIGINT NOT NULL DEFAULT 0"]
    }
}
