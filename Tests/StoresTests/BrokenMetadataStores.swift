import SavePlatform
import SaveStorage
import SaveTestKit

/// A metadata store with one fault.
struct BrokenMetadataStore: MetadataStore {
    enum Fault: Sendable, CaseIterable {
        case keepsFailedWrites, losesWrites
        case replacesTakenNames, leavesKeys, confusesPrefixes, wildcards, leavesSidecars, ignoresUntil, newestLast, forgetsIndexes
        case listsBlobsTwice, comparesText, keepsRetiredNames, mixesUpAccounts, sharesSerials, keepsSessions, forksTheTrail
        case looksFurther, countsFromNought
    }

    let base = InMemoryMetadataStore()
    let fault: Fault

    private struct Carrier<Value: Sendable>: Error { let value: Value }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        try await base.write { try body(BrokenTransaction(base: $0, fault: fault)) }
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        switch fault {
        case .keepsFailedWrites:
            return try await base.write { writing in Outcome(catching: { try body(writing) }) }.get()
        case .losesWrites:
            do {
                return try await base.write { throw Carrier(value: try body($0)) }
            } catch let carrier as Carrier<Value> {
                return carrier.value
            }
        default:
            return try await base.write { try body(BrokenTransaction(base: $0, fault: fault)) }
        }
    }
}

private enum Outcome<Value: Sendable>: Sendable {
    case value(Value)
    case error(any Error)

    init(catching body: () throws -> Value) {
        do { self = .value(try body()) } catch { self = .error(error) }
    }

    func get() throws -> Value {
        switch self {
        case .value(let value): return value
        case .error(let error): throw error
        }
    }
}

private struct BrokenTransaction: MetadataForwarding {
    let base: any MetadataWriting
    let fault: BrokenMetadataStore.Fault

    func put(_ project: ProjectRecord) throws -> ProjectRecord {
        var project = project
        if fault == .replacesTakenNames, let taken = try base.projects().first(where: { $0.name == project.name }) {
            project.id = taken.id
        }
        return try base.put(project)
    }

    func robot(_ name: String) throws -> RobotRecord? {
        // Swift compares texts by what they look like.
        fault == .mixesUpAccounts ? try base.robots().first { $0.name == name } : try base.robot(name)
    }

    func deleteUser(_ id: Int64) throws {
        let keys = try base.keys()
        let sessions = try base.users().filter { $0.id == id }.flatMap { try base.sessions(of: $0.username) }
        defer { if fault == .keepsSessions { for session in sessions { try? base.put(session) } } }
        try base.deleteUser(id)
        if fault == .leavesKeys { for key in keys { try base.put(key) } }
    }

    func assets(_ repository: Int64, under directory: String, after: AssetPath?, limit: Int) throws -> [StoredAsset] {
        guard fault == .confusesPrefixes, !directory.isEmpty else {
            return try base.assets(repository, under: directory, after: after, limit: limit)
        }
        let all = try base.assets(repository, under: "", after: after, limit: .max)
        return Array(all.filter { $0.record.path.text.hasPrefix(directory.dropLast()) }.prefix(limit))
    }

    func asset(_ repository: Int64, _ path: AssetPath) throws -> StoredAsset? {
        guard fault == .comparesText else { return try base.asset(repository, path) }
        return try base.assets(repository, under: "", after: nil, limit: .max).first { $0.record.path.text == path.text }
    }

    func packages(
        _ repository: Int64, after: PackageID?, upTo last: PackageID?, limit: Int, matching: String?
    ) throws -> [PackageRecord] {
        let isWild = fault == .wildcards && matching == "%"
        let last = fault == .looksFurther ? nil : last
        return try base.packages(repository, after: after, upTo: last, limit: limit, matching: isWild ? nil : matching)
    }

    func package(_ repository: Int64, place: Int, after: PackageID?) throws -> PackageID? {
        try base.package(repository, place: fault == .countsFromNought ? place + 1 : place, after: after)
    }

    func package(_ repository: Int64, _ id: PackageID) throws -> PackageRecord? {
        guard var package = try base.package(repository, id) else { return nil }
        if fault == .sharesSerials { package.attributesSerial = package.serial }
        return package
    }

    func deleteAsset(_ repository: Int64, _ path: AssetPath) throws -> Bool {
        let all = try base.assets(repository, under: "", after: nil, limit: .max)
        let existed = try base.deleteAsset(repository, path)
        if fault == .leavesSidecars { for asset in all where asset.record.sidecarOf == path { try base.put(asset) } }
        return existed
    }

    func deleteRetiredName(_ repository: Int64, _ path: AssetPath) throws -> Bool {
        guard fault == .keepsRetiredNames else { return try base.deleteRetiredName(repository, path) }
        return try base.retiredName(repository, path) != nil
    }

    func audit(_ query: AuditQuery) throws -> AuditPage {
        var query = query
        if fault == .ignoresUntil { query.until = nil }
        var found = try base.audit(query)
        if fault == .newestLast { found.records.reverse() }
        return found
    }

    func append(_ record: AuditRecord) throws {
        guard fault == .forksTheTrail, record.sequence > 3 else { return try base.append(record) }
        var fork = record
        fork.previousHash = try base.audit(after: 0, limit: 1).first?.hash ?? ""
        fork.hash = AuditTrail.hash(of: fork)
        try base.append(fork)
    }

    func isReferenced(_ digest: BlobDigest) throws -> Bool {
        fault == .forgetsIndexes ? try !base.references(to: digest).assets.isEmpty : try base.isReferenced(digest)
    }

    func referencedBlobs(after: BlobDigest?, limit: Int) throws -> [BlobDigest] {
        let found = try base.referencedBlobs(after: after, limit: limit)
        return fault == .listsBlobsTwice ? found.flatMap { [$0, $0] } : found
    }
}
