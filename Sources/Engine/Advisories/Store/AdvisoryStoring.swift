package import SavePlatform

/// Where records of advisories are kept, in one place that is replaced as a whole: what was there stays until something better is
/// there completely.
package protocol AdvisoryStoring: Sendable {
    /// Tells whether other records are there than before, at the cost of a look; nil where there are none. Blocks.
    ///
    /// - Throws: `storageUnavailable` where it cannot be told whether there are any.
    var identity: AdvisoryStoreIdentity? { get throws }

    /// What is there now; nil where nothing is. What it reads stays the same, whatever comes in its place. Blocks.
    ///
    /// - Throws: `storageUnavailable` for what cannot be read.
    func open() throws -> (any AdvisoryReading)?

    /// Begins what is to come in its place. Blocks.
    ///
    /// - Parameter isEmpty: whether it begins without the records that are there.
    /// - Throws: `conflict` while another one is being made, `storageFull`, `storageUnavailable`, also where the records that are
    ///   there cannot be read and it does not begin without them.
    func begin(empty isEmpty: Bool) throws -> any AdvisoryWriting

    /// A file for what a client sends. Blocks.
    ///
    /// - Throws: `storageUnavailable`, `storageFull`.
    func spool() throws -> any AdvisorySpool
}

/// A file without a name, which is gone when nobody has it any more. Blocks.
package protocol AdvisorySpool: Sendable {
    /// - Throws: `storageFull`, `storageUnavailable`.
    func append(_ bytes: [UInt8]) throws

    /// What was written, to be read.
    func file() throws -> OpenFile
}

/// What an `AdvisoryStoring` has at one time.
package struct AdvisoryStoreIdentity: Sendable, Hashable {
    private let numbers: [Int64]
    package init(_ numbers: [Int64]) { self.numbers = numbers }
}

/// Reads records. Blocks.
package protocol AdvisoryReading: Sendable {
    /// The records about a package as they were imported, in the order of their ids, and no more than a number of them.
    func documents(of package: PackageID, in ecosystem: String, limit: Int) throws -> [[UInt8]]

    /// The record of an id, and all that call it an alias, in that order. Letters may be of either size.
    func documents(named name: String) throws -> [[UInt8]]

    /// What there is.
    func status() throws -> AdvisoryStatus
}

/// Writes records that nobody sees before the end. Blocks.
package protocol AdvisoryWriting: Sendable {
    /// Adds records. One that is there already is replaced by one that was modified later, and by no other. It is found besides by the
    /// packages of one that was modified at the same time: an earlier import may have been without the format that knows them.
    func add(_ records: [AdvisoryRecord]) throws -> AdvisoryChanges

    /// Puts what was written in the place of what was there, durably.
    ///
    /// - Parameter notes: what is kept with the records (`AdvisoryStatus.notes`). Notes of other names stay, where records do.
    func commit(at time: Timestamp, noting notes: [String: String]) throws

    /// Forgets all that was written. Nothing after `commit`.
    func abandon()
}

/// What became of records that were added.
package struct AdvisoryChanges: Sendable, Equatable {
    package var added = 0
    package var updated = 0
    package var unchanged = 0

    package init(added: Int = 0, updated: Int = 0, unchanged: Int = 0) {
        self.added = added
        self.updated = updated
        self.unchanged = unchanged
    }
}

/// A record as it is kept.
package struct AdvisoryRecord: Sendable, Equatable {
    package let id: String
    package let modified: Timestamp
    /// The id and all aliases, in small letters, each once.
    package let names: [String]
    /// The packages it is about, each once.
    package let packages: [Package]
    /// As it was imported.
    package let document: [UInt8]

    package struct Package: Sendable, Hashable {
        package let ecosystem: String
        package let id: PackageID

        package init(ecosystem: String, id: PackageID) {
            self.ecosystem = ecosystem
            self.id = id
        }
    }

    package init(id: String, modified: Timestamp, names: [String], packages: [Package], document: [UInt8]) {
        self.id = id
        self.modified = modified
        self.names = names
        self.packages = packages
        self.document = document
    }
}

/// What there is of advisories.
package struct AdvisoryStatus: Sendable, Equatable {
    package struct Ecosystem: Sendable, Equatable {
        package let name: String
        package let records: Int
        /// When the newest record was modified.
        package let newest: Timestamp?

        package init(name: String, records: Int, newest: Timestamp?) {
            self.name = name
            self.records = records
            self.newest = newest
        }
    }

    package var records = 0
    package var newest: Timestamp?
    /// When records came in last; nil for never.
    package var imported: Timestamp?
    package var ecosystems: [Ecosystem] = []
    /// What was noted of where records came from, by its name.
    package var notes: [String: String] = [:]

    package init() {}
}
