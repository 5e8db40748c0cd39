internal import SaveAccess
internal import SaveAudit
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Tells of what was odd about a package, and keeps it for policies that go by it (`PolicyMatch.upstreamAnomaly`).
struct AnomalyReport {
    let context: UpstreamContext
    let key: UpstreamMemory.Key
    let package: PackageID

    /// So many files are kept of a kind: where there are more, it is kept of the whole package.
    static let maxKept = 1000

    /// An accident or an attack: it goes to the database, the log, the audit trail, the metrics and `explain`.
    ///
    /// - Parameter keepsBytes: whether files that were changed are here, and stay as they were.
    /// - Returns: whether more is kept than before, so that policies may judge otherwise.
    func tell(_ anomalies: [UpstreamAnomaly], keepsBytes: Bool) async -> Bool {
        guard !anomalies.isEmpty else { return false }
        var isNew = true
        do {
            isNew = try await keep(anomalies)
        } catch {
            context.log(
                .error, "what an upstream did oddly was not kept: policies do not go by it",
                ["repository": context.repository.record.coordinates, "package": package.name, "error": "\(error)"])
        }
        // A likeness is found again whenever a page was forgotten, and told of once.
        let told = isNew ? anomalies : anomalies.filter { $0.kind != .lookAlikeName }
        for anomaly in context.memory.note(told.map(\.noted), of: key) {
            context.log(
                .error, "the upstream did something odd",
                [
                    "repository": context.repository.record.coordinates, "package": package.name,
                    "anomaly": anomaly.kind.rawValue, "files": anomaly.files.map(\.text).joined(separator: " "),
                    "kept": anomaly.kind == .changedFile && keepsBytes ? "the cached bytes" : "nothing",
                ])
            let name = "\(context.repository.record.coordinates)/\(package.name)"
            await context.aggregator.record(
                AuditEvent("upstream.anomaly", "package", name, details: anomaly.details), .system)
        }
        return isNew
    }

    private func keep(_ anomalies: [UpstreamAnomaly]) async throws -> Bool {
        let (id, package, asked) = (context.id, package, context.repository.record)
        return try await context.store.write { writing in
            // Meanwhile the repository may have been deleted, or given another upstream.
            guard try writing.repositories().first(where: { $0.id == id })?.hasSameUpstream(as: asked) ?? false else {
                return false
            }
            let known = Dictionary(grouping: try writing.anomalies(id, package: package), by: \.kind)
            var isNew = false
            for anomaly in anomalies {
                for subject in anomaly.subjects(beside: known[anomaly.kind] ?? []) {
                    let observed = ObservedAnomaly(
                        repository: id, package: package, kind: anomaly.kind, subject: subject, seen: anomaly.time)
                    if try writing.put(observed) { isNew = true }
                }
            }
            return isNew
        }
    }
}

extension UpstreamAnomaly {
    /// What it is kept under, besides what is kept already.
    ///
    /// - Parameter known: what is kept of its kind.
    fileprivate func subjects(beside known: [ObservedAnomaly]) -> [String] {
        if let likeness { return [likeness.name] }
        guard !found.isEmpty else { return [""] }
        let subjects = Set(known.map { Array($0.subject.utf8) })
        let new = found.map(\.text).filter { !subjects.contains(Array($0.utf8)) }
        return subjects.count + new.count > AnomalyReport.maxKept && !new.isEmpty ? [""] : new
    }
}
