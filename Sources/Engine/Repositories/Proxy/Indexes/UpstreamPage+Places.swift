internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Looking for the place where an upstream keeps its index by asking for a page that somebody wants.
extension UpstreamPage {
    /// The places that were asked for the page in vain.
    struct Search {
        var tried: Set<String> = []
        var misses: [String: Missing] = [:]
        var refusal: UpstreamFailure?
        /// What the first place ended with that had no such page.
        var first: (any Error)?
    }

    /// Asks for the page in a place where the upstream may keep its index, unless it was asked for there: what has it is the place.
    ///
    /// - Parameter isGuess: whether nothing shows yet that the index is there. What refuses in such a place speaks for itself only.
    /// - Throws: `UpstreamFailure` for what concerns all places.
    func fetch(
        _ cached: KnownIndex?, looking search: inout Search, in place: String, isGuess: Bool = false
    ) async throws -> Fetched? {
        guard search.tried.insert(place).inserted else { return nil }
        do {
            let answer = try await fetch(cached, from: place)
            try await UpstreamBase(context).store(place)
            return answer
        } catch let miss as Missing {
            search.misses[place] = miss
            search.first = search.first ?? miss
        } catch let failure as UpstreamFailure {
            if failure.concernsAll, !isGuess || failure.status != 401 { throw failure }
            search.refusal = search.refusal ?? failure
            search.first = search.first ?? failure
        } catch let error as SaveError where error.code == .upstreamInvalid {
            // No index: the place is not here, or something stands before it.
            search.first = search.first ?? error
        }
        return nil
    }

    /// Asks places, each once, for the document that says where things are: the first that has it is the place, and what it sent is used.
    ///
    /// - Throws: what the likeliest place, which comes first, ended with where none has it.
    func fetch(_ cached: KnownIndex?, inFirstOf places: [String]) async throws -> Fetched {
        var search = Search()
        for place in places {
            if let answer = try await fetch(cached, looking: &search, in: place, isGuess: true) { return answer }
        }
        throw search.first ?? Missing(status: 404)
    }

    /// Asks where something else than the page proves that the index is.
    ///
    /// - Throws: `Missing` only where it was asked for there.
    func fetch(_ cached: KnownIndex?, where search: Search) async throws -> Fetched {
        do {
            let proven = try await UpstreamBase(context).proven()
            if let miss = search.misses[proven] { throw miss }
            return try await fetch(cached, from: proven)
        } catch let failure as UpstreamFailure where failure.status == nil {
            throw search.refusal ?? failure
        }
    }

    /// What an upstream's configuration says of the place of an index is not more to be believed than a redirect: the index is asked for
    /// on the upstream's own server, or on one that the operator names.
    func checkServer(of url: String) throws {
        guard let own = URLOrigin(of: context.settings.remoteURL), !RedirectScope.isSameServer(url, as: own) else { return }
        let target = URLOrigin(of: url)
        guard let target, own.scheme != "https" || target.scheme == "https",
            AllowedFileHosts(context.settings).names(hostOf: url)
        else {
            let host = target.map { "\($0.host):\($0.port)" } ?? "nowhere"
            throw invalid(
                "the upstream says that this \(noun) is on another server, \(host), which was not asked: have an owner of the proxy check remote_url, or add the host to allowed_file_hosts (never from https to http)",
                nil, redirectedTo: host)
        }
    }
}
