package import SavePlatform

/// How a change is made that code outside of the store has a say in.
///
/// A transaction must not wait for such code: everybody's changes would wait with it. So each round reads, asks, and writes if what was
/// read is still so (`PackageRevision`); where another change was faster, there is another round.
package enum OptimisticLocking {
    /// In each round another change was faster.
    private static let maxRounds = 32

    /// Runs rounds until one is not overtaken.
    ///
    /// - Parameters:
    ///   - what: what is changed, for the error.
    ///   - round: reads, asks and writes; throws `RevisionConflict` where it finds itself overtaken, and has changed nothing then.
    /// - Throws: `busy` when every round was overtaken, and what `round` throws else.
    package static func change<Value>(_ what: String = "the package", _ round: () async throws -> Value) async throws -> Value {
        for _ in 0..<maxRounds {
            do { return try await round() } catch is RevisionConflict { continue }
        }
        throw SaveError(.busy, "\(what) is being changed concurrently; try again")
    }
}

/// What a change was decided by is not so any more.
package struct RevisionConflict: Error {
    package init() {}
}

/// Up to which change a package was known when something was decided of it.
///
/// The store counts the changes, so that this holds for every process that works on one database. A package that went and is there
/// again has another revision.
package struct PackageRevision: Sendable {
    /// What was decided by.
    package enum Part: Sendable {
        /// Its attributes: files may come and go.
        case attributes
        /// Its attributes and its files.
        case content
    }

    private let part: Part
    private let package: PackageID
    private let repository: Int64
    /// nil where there is no such package.
    private let serial: Int64?

    package init(of part: Part, in package: PackageID, _ repository: Int64, _ reading: any ContentReading) throws {
        self.part = part
        self.package = package
        self.repository = repository
        serial = try Self.serial(part, package, repository, reading)
    }

    /// Call it in the transaction that writes, before it does.
    ///
    /// - Throws: `RevisionConflict` where it was changed since.
    package func check(in writing: any ContentReading) throws {
        guard try Self.serial(part, package, repository, writing) == serial else { throw RevisionConflict() }
    }

    private static func serial(
        _ part: Part, _ package: PackageID, _ repository: Int64, _ reading: any ContentReading
    ) throws -> Int64? {
        let record = try reading.package(repository, package)
        return switch part {
        case .attributes: record?.attributesSerial
        case .content: record?.serial
        }
    }
}
