package import SaveAccess
internal import SaveDigest
package import SaveHTTP
package import SavePlatform
package import SaveStorage

/// Puts files into a hosted repository and takes them out, each change in one transaction with its audit record.
package struct Publisher: Sendable {
    let repository: Repository
    let services: PublishingServices

    package init(repository: Repository, services: PublishingServices) {
        self.repository = repository
        self.services = services
    }

    /// What an upload did.
    package enum Outcome: Sendable, Equatable {
        case created
        /// Nothing was added, but something about the package is other than before.
        case changed
        /// The file was there already, but not its bytes: they are stored again.
        case restored
        /// The same bytes were there already, or what was asked for is as it was: nothing changed.
        case unchanged

        /// For people.
        package var word: String {
            switch self {
            case .created: "published"
            case .changed: "changed"
            case .restored: "stored again: the bytes were lost"
            case .unchanged: "unchanged"
            }
        }
    }

    /// What an upload did, and what its publisher should know.
    package struct Report: Sendable {
        package let outcome: Outcome
        package let warnings: [String]
        /// What the client is told, where the format has words for it.
        package let answer: Document?

        /// On one line, for people.
        package var sentence: String { ([outcome.word] + warnings.map { "warning: \($0)" }).joined(separator: "; ") }
    }

    /// A refusal of a change that only what arrived has a name for: `Submission.action`.
    package struct Refused: Error {
        /// Why: what there would be without the name.
        package let error: any Error
        package let action: String
    }

    /// Reads an upload, after what the session that it ends has of it, and publishes all of it, or nothing. When this returns, the bytes and their records are on disk,
    /// and every page shows them.
    ///
    /// - Parameters:
    ///   - authority: by what right; asked for again when all of the body is there. Putting other bytes under a name takes
    ///     the permission to delete.
    ///   - limit: the server's own limit for a file, in bytes.
    ///   - copied: what there is already, in place of a body.
    /// - Throws: what the format throws; `tooLarge`, `alreadyExists`, `nameRetired`, `storageFull`; `preconditionFailed` where a
    ///   condition of the request is false, `digestMismatch` where what arrived is not what the client says; of a session `notFound`,
    ///   `conflict`, `rangeNotSatisfiable`; what `ChangeAuthority` throws. Each of these in `Refused` once the format has named the change.
    package func upload(
        _ plan: UploadPlan, _ request: HTTPRequest, by authority: ChangeAuthority, limit: Int64?, context: AuditContext,
        copying copied: CopiedFile? = nil
    ) async throws -> Report {
        let claims = try ClaimedDigests(request.headers)
        let conditions = try ChangeConditions(request.headers)
        if let path = plan.path { try await check(conditions, at: path) }
        let sent = copied?.stream(pool: services.storage.pool) ?? claims.checking(request.body)
        let read = { (body: ByteStream) in
            try await receive(plan, request, body, limit, claims, copied) { submission, staging in
                // Whatever of the body the format did not look at.
                if !claims.body.isEmpty { try await sent.drain() }
                try staging.check(submission.items, claims)
                return try await publish(submission, staging, by: authority, onlyIf: conditions, context: context)
            }
        }
        guard let session = plan.session else { return try await read(sent) }
        return try await services.sessions.end(
            session, with: sent, at: try ContentRange(request), in: repository.record.id, by: context.principal, read)
    }

    /// Asks the conditions before the body is read. The transaction asks again, and decides.
    private func check(_ conditions: ChangeConditions, at path: AssetPath) async throws {
        guard !conditions.isEmpty else { return }
        let id = repository.record.id
        let asset = try await services.storage.store.read { try $0.asset(id, path) }
        try conditions.check(against: asset.map(ChangeConditions.Current.init))
    }

    /// Reads an upload and says what publishing it would do, without doing it.
    ///
    /// - Throws: what `upload` throws.
    package func rehearse(_ plan: UploadPlan, _ request: HTTPRequest, limit: Int64?) async throws -> Report {
        let rules = PublishRules(repository: repository, mayDelete: false)
        return try await receive(plan, request, request.body, limit, try ClaimedDigests(HTTPHeaders())) { submission, staging in
            try await OptimisticLocking.change {
                let submission = try await combining(submission, staging)
                let now = services.clock.now()
                let decision = try await services.storage.store.read {
                    try PublishDecision(submission, by: rules, $0, uploader: "", at: now)
                }
                try await decision.check(repository)
                return decision.items.isEmpty ? .unchanged : .created
            }
        }
    }

    private func receive(
        _ plan: UploadPlan, _ request: HTTPRequest, _ body: ByteStream, _ limit: Int64?, _ claims: ClaimedDigests,
        _ copied: CopiedFile? = nil,
        _ use: (Submission, BlobStaging) async throws -> Outcome
    ) async throws -> Report {
        let maxFileSize = repository.maxFileSize(limit)
        // The body of a form is a little longer than its file; what is far beyond need not be read to be refused.
        if let length = body.length {
            if let maxFileSize, length > maxFileSize.addingClamped(plan.path == nil ? 1 << 20 : 0) {
                throw SaveError(
                    .tooLarge,
                    "the upload is larger than the \(maxFileSize) bytes this repository takes: have an owner raise max_file_size")
            }
            // What is kept already takes no more space.
            if body.source == nil { try await services.storage.blobs.checkSpace(for: length) }
        }
        let staging = BlobStaging(
            blobs: services.storage.blobs, pool: services.storage.pool, maxFileSize: maxFileSize,
            claimed: claims.file.map(\.checksum.algorithm), copied: copied)
        var named: String?
        do {
            let upload = UploadRequest(
                plan: plan, contentType: request.headers["content-type"], body: body, maxFileSize: maxFileSize)
            var submission = try await repository.format.receive(upload, into: staging)
            if let describing = repository.format.cast({ $0 as? any PathDescribing }) {
                for place in submission.items.indices {
                    let path = submission.items[place].record.path
                    submission.items[place].replaces = try await describing.ask { $0.mayChange(path) }
                }
            }
            named = submission.action
            submission.action = submission.action ?? plan.action
            let outcome = try await use(submission, staging)
            await staging.discard()
            return Report(outcome: outcome, warnings: submission.warnings, answer: submission.answer)
        } catch {
            await staging.discard()
            throw named.map { Refused(error: error, action: $0) } ?? error
        }
    }

    private func publish(
        _ submission: Submission, _ staging: BlobStaging, by authority: ChangeAuthority, onlyIf conditions: ChangeConditions,
        context: AuditContext
    ) async throws -> Outcome {
        var isRestored = false
        return try await OptimisticLocking.change {
            let submission = try await combining(submission, staging)
            return try await add(
                submission, staging, by: authority, onlyIf: conditions, isRestored: &isRestored, context: context)
        }
    }

    /// One round of a publish.
    ///
    /// - Throws: `RevisionConflict` where another change was faster.
    private func add(
        _ submission: Submission, _ staging: BlobStaging, by authority: ChangeAuthority, onlyIf conditions: ChangeConditions,
        isRestored: inout Bool, context: AuditContext
    ) async throws -> Outcome {
        let (now, uploader) = (services.clock.now(), context.principal.auditName)
        // Refuse before any blob is made durable, so that a refusal leaves nothing; the transaction below decides.
        var decision = try await services.storage.store.read {
            try PublishDecision(
                submission, by: PublishRules(by: authority, onlyIf: conditions), $0, uploader: uploader, at: now)
        }
        try await decision.check(repository)
        try await check(submission.expected)
        // What only says how files must be changes nothing.
        if submission.items.isEmpty, submission.change == nil { return .unchanged }
        // The same files again add nothing. What else was asked for is done all the same: a client that is told that all went well
        // has its tag.
        if decision.items.isEmpty, !submission.items.isEmpty {
            if try await restore(submission, staging, by: authority, context: context) { isRestored = true }
            guard submission.change != nil else { return isRestored ? .restored : .unchanged }
        }
        try await decision.decide(submission, repository)
        for item in submission.items { try await staging.commit(item.staged) }
        let (published, changed) = try await store(
            submission, decision, staging.copied, by: authority, onlyIf: conditions, at: now, context: context)
        services.storage.counters.invalidate(
            repository.record.id, package: submission.package?.id, paths: published + (changed ?? []))
        let files = submission.items.filter { $0.record.sidecarOf == nil }.map(\.record.path)
        if published.contains(where: files.contains) { return .created }
        return !published.isEmpty || changed != nil ? .changed : isRestored ? .restored : .unchanged
    }

    /// Checks what a client says of files that it sent before.
    ///
    /// - Throws: `assetNotFound`, `digestMismatch`.
    private func check(_ expected: [AssetPath: Checksum]) async throws {
        let id = repository.record.id
        for (path, checksum) in expected {
            guard let asset = try await services.storage.store.read({ try $0.asset(id, path) }) else {
                throw SaveError(.assetNotFound, "there is no file '\(path)' yet: send the file first, then its digests")
            }
            var actual = asset.record.checksums[checksum.algorithm]
            if actual == nil {
                let digest = StreamingDigest(checksum.algorithm)
                for try await piece in try await services.storage.blobs.open(asset.blob).stream(pool: services.storage.pool) {
                    digest.update(piece)
                }
                actual = Checksum(checksum.algorithm, hex: Hex.encode(digest.finish()))
            }
            guard actual == checksum else {
                throw SaveError(
                    .digestMismatch,
                    "'\(path.filename)' has the \(checksum.algorithm.rawValue) \(actual?.hex ?? ""), not \(checksum.hex): delete the file and send it again",
                    details: ["file": path.text])
            }
        }
    }

    /// Writes all of a submission, or nothing.
    ///
    /// - Returns: the files that are new, and those that the format changed; nil where it changed nothing.
    private func store(
        _ submission: Submission, _ decision: PublishDecision, _ copied: CopiedFile?, by authority: ChangeAuthority,
        onlyIf conditions: ChangeConditions, at now: Timestamp, context: AuditContext
    ) async throws -> (published: [AssetPath], changed: [AssetPath]?) {
        let id = repository.record.id
        return try await services.storage.store.write { writing in
            let rules = try PublishRules(by: authority, onlyIf: conditions)
            try copied?.confirm(in: writing)
            let items = try rules.newItems(submission, in: writing)
            try decision.confirm(items, in: writing)
            let rows = PublishedRows(items, in: id, by: context.principal.auditName, at: now)
            if let package = submission.package, !items.isEmpty { try Self.put(package, id, writing, at: now) }
            try put(rows, copied, writing, at: now, context)
            let published = items.map(\.record.path)
            guard let change = decision.change, let package = submission.package else { return (published, nil) }
            // A file that comes with a tag is one attempt, and one record.
            let isRecorded = !items.contains { $0.record.sidecarOf == nil }
            let changed = try PackageEditor(repository: rules.repository, mayDelete: rules.mayDelete).carryOut(
                change, in: package.id, writing, at: now, context, as: submission.action, isRecorded: isRecorded)
            return (published, changed)
        }
    }

    private func put(
        _ rows: PublishedRows, _ copied: CopiedFile?, _ writing: any MetadataWriting, at now: Timestamp, _ context: AuditContext
    ) throws {
        let id = repository.record.id
        for item in rows.items {
            for name in try PublishRules.retiredNames(of: item.record, in: id, writing) {
                _ = try writing.deleteRetiredName(id, name.path)
            }
            try writing.put(rows.row(item))
            if item.record.sidecarOf == nil {
                var event = Self.event("file.upload", item, repository.record.coordinates)
                if let copied { event.details["copied_from"] = .string(copied.place) }
                try writing.record(event, context, at: now)
            } else if let file = rows.attaches(item) {
                if let row = try writing.asset(id, file), let announced = rows.announced(item, in: row) {
                    try writing.put(announced)
                }
                try writing.record(Self.event("file.attach", item, repository.record.coordinates), context, at: now)
            }
        }
    }

    private static func put(_ package: PackageSummary, _ id: Int64, _ writing: any MetadataWriting, at now: Timestamp) throws {
        var record =
            try writing.package(id, package.id)
            ?? PackageRecord(repository: id, id: package.id, displayName: package.displayName, created: now, updated: now)
        record.displayName = package.displayName
        record.updated = now
        try writing.put(record)
    }

    static func event(_ action: String, _ item: Submission.Item, _ coordinates: String) -> AuditEvent {
        AuditEvent(
            action, "file", "\(coordinates)/\(item.record.path)",
            details: [
                "package": JSONValue(item.record.package?.name), "version": JSONValue(item.record.version),
                "size": .integer(item.staged.size), "sha256": .string(item.staged.digest.hex),
            ])
    }

    /// Removes a file with its sidecars, and the package with its last file.
    ///
    /// - Throws: `assetNotFound`, `preconditionFailed`, and what `ChangeAuthority` throws.
    package func delete(
        _ path: AssetPath, by authority: ChangeAuthority, onlyIf conditions: ChangeConditions = .none, context: AuditContext
    ) async throws {
        let id = repository.record.id
        let coordinates = repository.record.coordinates
        let now = services.clock.now()
        let (package, paths) = try await services.storage.store.write { writing -> (PackageID?, [AssetPath]) in
            let repository = try authority.confirm().repository
            guard let asset = try writing.asset(id, path) else {
                throw SaveError(.assetNotFound, "there is no file '\(path)' in \(coordinates): check the name")
            }
            try conditions.check(against: ChangeConditions.Current(asset))
            let package = asset.record.package
            let sidecars = try package.map { try writing.assets(id, package: $0) } ?? []
            let paths = [path] + sidecars.filter { $0.record.sidecarOf == path }.map(\.record.path)
            try writing.remove(asset, from: repository, by: context.principal.auditName, at: now)
            if let package, try writing.assets(id, package: package).allSatisfy({ $0.record.sidecarOf != nil }) {
                try writing.deletePackage(id, package)
            }
            try writing.record(
                AuditEvent("file.delete", "file", "\(coordinates)/\(path)", details: ["sha256": .string(asset.blob.hex)]),
                context,
                at: now)
            return (package, paths)
        }
        services.storage.counters.invalidate(id, package: package, paths: paths)
    }
}

extension Publisher {
    /// The right of an operator at the command line, who adds files and takes none away.
    package var operating: ChangeAuthority {
        ChangeAuthority(.system, .write, on: repository.record.id, most: [.read, .write], services)
    }

    /// Publishes what an operator has at hand.
    ///
    /// - Throws: what `upload` throws, without the names of changes: of an import, the file is what a person wants to read of.
    package func publish(_ plan: UploadPlan, _ request: HTTPRequest, limit: Int64?) async throws -> Report {
        do {
            return try await upload(plan, request, by: operating, limit: limit, context: .system)
        } catch let refused as Refused {
            throw refused.error
        }
    }

    /// Writes a refused change to the audit trail: `file.upload` or `file.delete`, of a path where it is known.
    package func recordRefusal(
        of action: String, _ path: AssetPath?, _ error: any Error, context: AuditContext
    ) async throws {
        let event = Self.refusal(of: action, path, in: repository, error)
        let now = services.clock.now()
        try await services.storage.store.write { try $0.record(event, context, at: now) }
    }

    /// A refused change, as the trail tells of it.
    package static func refusal(of action: String, _ path: AssetPath?, in repository: Repository, _ error: any Error)
        -> AuditEvent
    {
        let failure = error as? SaveError
        let isDenied = failure.map { [.forbidden, .blocked, .unauthenticated, .repositoryNotFound].contains($0.code) } ?? false
        return AuditEvent(
            action, "file", repository.record.coordinates + (path.map { "/\($0)" } ?? ""), outcome: isDenied ? .denied : .failed,
            details: ["error": .string(failure?.code.rawValue ?? "internal_failure"), "message": .string(failure?.message ?? "")])
    }
}

extension Int64 {
    /// The sum, or the largest number.
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
