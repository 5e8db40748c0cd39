package import SavePlatform

/// How far a maintenance run, a copy or an import is.
package struct MaintenanceProgress: Sendable, Equatable {
    /// What is gone through: a verification has all of these, one after the other; other work has files.
    package enum Phase: String, Sendable, CaseIterable {
        case files
        case unknownFiles = "unknown_files"
        case auditTrail = "audit_trail"
    }

    /// What is gone through now.
    package var phase = Phase.files
    /// Blobs that are done, and their bytes.
    package var blobs: Int64 = 0
    package var bytes: Int64 = 0
    /// How many there are in all, as counted when the run began; nil where that is not known before its end. What is added or
    /// removed while it runs is not in them.
    package var totalBlobs: Int64?
    package var totalBytes: Int64?
    /// What is done of a later phase, and how much there is in all; nil where that is not known before its end.
    private var counted: Int64 = 0
    private var toCount: Int64?

    /// What is done of this phase: files, or records of the audit trail.
    package var done: Int64 { phase == .files ? blobs : counted }
    /// How much this phase has in all, as far as it is known.
    package var total: Int64? { phase == .files ? totalBlobs : toCount }

    package init(blobs: Int64 = 0, bytes: Int64 = 0, totalBlobs: Int64? = nil, totalBytes: Int64? = nil) {
        self.blobs = blobs
        self.bytes = bytes
        self.totalBlobs = totalBlobs
        self.totalBytes = totalBytes
    }

    /// In a later phase, so far. What the phase of files came to stays.
    package func entering(_ phase: Phase, done: Int64 = 0, of total: Int64? = nil) -> MaintenanceProgress {
        var later = self
        (later.phase, later.counted, later.toCount) = (phase, done, total)
        return later
    }

    /// Some bytes further.
    package func adding(bytes: Int64) -> MaintenanceProgress {
        var further = self
        further.bytes += bytes
        return further
    }
}

/// What collecting garbage did, or would do.
package struct GCReport: Sendable, Equatable {
    /// Blobs that were removed (in a dry run: would be), and their bytes.
    package var removed: Int64 = 0
    package var removedBytes: Int64 = 0
    /// Blobs that nothing needs but that are younger than the grace period.
    package var keptYoung: Int64 = 0
    /// All blobs there are, and their bytes, before anything was removed.
    package var blobs: Int64 = 0
    package var blobBytes: Int64 = 0

    package init() {}
}

/// What verification found.
package struct VerifyReport: Sendable, Equatable {
    /// Blobs that records need and that were read, and their bytes.
    package var blobs: Int64 = 0
    package var bytes: Int64 = 0
    /// Records whose bytes are gone or wrong.
    package var problems: Int64 = 0
    /// Problems that were mended by forgetting a cached record.
    package var repaired: Int64 = 0
    /// Blobs that no record knows, and their bytes.
    package var unknown: Int64 = 0
    package var unknownBytes: Int64 = 0

    package init() {}
}

/// A record whose bytes are gone or wrong.
package struct VerifyProblem: Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// There is no such blob.
        case missing
        /// The blob's bytes have another digest or size.
        case corrupt
        /// The disk does not hand the bytes out.
        case unreadable
    }

    package let kind: Kind
    package let digest: BlobDigest
    package let repository: Int64
    /// The repository as `project/name`.
    package let coordinates: String
    /// The file's path, or the key of a cached index.
    package let name: String
    /// Whether someone uploaded it: then only a backup brings it back.
    package let isHosted: Bool
    /// Whether the record was dropped, so that it is fetched again.
    package let isRepaired: Bool
}
