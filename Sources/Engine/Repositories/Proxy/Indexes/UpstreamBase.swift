internal import SaveCaching
internal import SaveAccess
internal import SaveHTTP
internal import SaveStorage

/// Where below a repository's `remote_url` the upstream keeps its index: what is stored, or what can be found out.
///
/// A list of packages alone proves nothing: other pages look like lists, and some servers show one in a place where there are
/// no pages below it. What proves a base is the page of a package. Until then no "not found" is believed: it would send
/// clients on to their next index.
struct UpstreamBase: Sendable {
    /// What is known of the base.
    enum Place: Sendable {
        case known(String)
        /// Where it may be, the likeliest first.
        case unsure([String])
    }

    private let context: UpstreamContext

    init(_ context: UpstreamContext) { self.context = context }

    /// The base, or where it may be.
    ///
    /// - Throws: `upstreamUnavailable` or `upstreamForbidden` when no server could be asked.
    func place() async throws -> Place {
        if let known = stored { return .known(known) }
        if let unsure = context.memory.unsureBases[context.upstream], unsure.until > context.clock.uptime() {
            return .unsure(unsure.bases)
        }
        return try await context.memory.places.run(context.upstream) {
            let (place, isShown) = try await UpstreamProbe(context).place()
            switch place {
            case .known(let base): if isShown { try await store(base) }
            case .unsure(let bases):
                let until = context.deadline(seconds: max(UpstreamIndex.quietSeconds, context.settings.negativeCacheTTL))
                context.memory.unsureBases.insert(.init(bases: bases, until: until), for: context.upstream)
            }
            return place
        }
    }

    /// The likeliest place, while nobody has looked for the index yet, and whether it is the only one; nil where there is nothing to guess.
    func firstGuess() async throws -> (place: String, isOnly: Bool)? {
        guard stored == nil else { return nil }
        if let unsure = context.memory.unsureBases[context.upstream], unsure.until > context.clock.uptime() { return nil }
        return try await UpstreamProbe(context).firstGuess()
    }

    /// Where the document may be that says where things are, as far as the format names places; nil where the base is known, or where
    /// there is nothing to find out.
    func placesToTry() async throws -> [String]? {
        guard stored == nil else { return nil }
        let places = try await UpstreamProbe(context).places()
        return places.isEmpty ? nil : places
    }

    /// The base for what no page can prove it by.
    ///
    /// - Throws: what `place` throws.
    func likeliest() async throws -> String {
        switch try await place() {
        case .known(let base): base
        case .unsure(let bases): bases.first ?? context.settings.remoteURL
        }
    }

    /// The base as far as it is known already. Asks nobody.
    var assumed: String {
        stored ?? context.memory.unsureBases[context.upstream]?.bases.first ?? context.settings.remoteURL
    }

    /// The base that pages of packages prove, or an empty list of packages makes likely.
    ///
    /// - Throws: `UpstreamFailure` where nothing tells.
    func proven() async throws -> String {
        let finding = try await context.memory.probes.run(context.upstream) { try await find() }
        guard finding.succeeded else { throw finding.nothingFound() }
        return finding.base
    }

    /// Looks for the base, now, and stores it where a page proves it.
    ///
    /// - Throws: what `place` throws.
    func find() async throws -> UpstreamProbe.Finding {
        let finding = try await UpstreamProbe(context).find()
        if finding.isProven { try await store(finding.base) }
        return finding
    }

    private var stored: String? {
        if let known = context.settings.resolvedURL { return known }
        // The catalogue of this request may be older than the answer that another request has stored.
        guard let stored = context.catalogue.current.repository(id: context.id)?.record,
            stored.hasSamePlace(as: context.repository.record)
        else { return nil }
        return stored.proxy.resolvedURL
    }

    /// Keeps a base that was proven.
    func store(_ base: String) async throws {
        let id = context.id
        let asked = context.repository.record
        context.memory.unsureBases.remove(context.upstream)
        // Of the pages that a client asks for at once, the first has stored it.
        if stored == base { return }
        let isNew = try await context.store.write { writing -> Bool in
            guard var record = try writing.repositories().first(where: { $0.id == id }), record.hasSamePlace(as: asked),
                record.proxy.resolvedURL != base
            else { return false }
            record.proxy.resolvedURL = base
            _ = try writing.put(record)
            return true
        }
        if isNew { try await context.catalogue.reload() }
    }
}
