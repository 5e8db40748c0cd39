internal import SaveCaching
internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Asks an upstream where its index is: in the places that the format names, for the list of packages and for pages below it.
struct UpstreamProbe: Sendable {
    /// What the upstream answered.
    struct Finding: Sendable {
        var base: String
        /// Each URL that was asked, and the status or error it gave.
        var attempts: [(url: String, outcome: String)] = []
        /// Whether the base can be used.
        var succeeded = false
        /// Whether a page of a package, or the settings, prove it.
        var isProven = false

        mutating func note(_ url: String, _ outcome: String) { attempts.append((URLReference.shown(url), outcome)) }

        /// The failure of a request for which the base would have been needed.
        func nothingFound() -> UpstreamFailure {
            // Clients see this: they may not know who the upstream is.
            let tried = attempts.map { "\(UpstreamConfiguration.path($0.url)): \($0.outcome)" }.joined(separator: "; ")
            return UpstreamFailure(
                SaveError(
                    .upstreamInvalid,
                    "nothing shows where the upstream keeps its index (\(tried)); point remote_url to the index itself, or set index_path in the repository's settings"
                ), status: nil, concernsAll: false)
        }
    }

    private let context: UpstreamContext

    /// Places that are asked at most.
    private static let maxPlaces = 8
    /// Packages whose pages are asked for in a place.
    private static let maxPages = 3

    init(_ context: UpstreamContext) { self.context = context }

    /// The likeliest place for the page of a package, and whether it is the only one; nil where something else tells. Asks nobody.
    func firstGuess() async throws -> (place: String, isOnly: Bool)? {
        guard context.repository.configuring == nil, let first = try await request(0), !first.isCertain, try await hasLists()
        else {
            return nil
        }
        return (first.resolvedBase ?? first.url, try await request(1) == nil)
    }

    /// The places that the format names, each once, the likeliest first; one where the settings say which. Asks nobody.
    func places() async throws -> [String] {
        var places: [String] = []
        for attempt in 0..<Self.maxPlaces {
            guard let request = try await request(attempt) else { break }
            let place = request.resolvedBase ?? request.url
            if request.isCertain { return [place] }
            if !places.contains(place) { places.append(place) }
        }
        return places
    }

    /// What can be told without pages: the places, the first that has a list of packages before the others.
    ///
    /// - Returns: also whether a place that is known was shown to be it.
    /// - Throws: `upstreamUnavailable` or `upstreamForbidden` when no server could be asked.
    func place() async throws -> (UpstreamBase.Place, isShown: Bool) {
        guard let first = try await request(0) else { return (.known(context.settings.remoteURL), false) }
        if first.isCertain { return (.known(first.resolvedBase ?? first.url), true) }
        guard context.repository.configuring == nil, try await hasLists() else {
            let finding = try await find()
            return (.known(finding.base), finding.isProven)
        }
        var bases: [String] = []
        var isListed = false
        var reach = Reach()
        for attempt in 0..<Self.maxPlaces {
            guard let request = try await request(attempt) else { break }
            let base = request.resolvedBase ?? request.url
            guard !isListed else {
                bases.append(base)
                continue
            }
            switch try await reach.noting({ try await list(request) }) {
            case .flat(let base): return (.known(base), true)
            case .packages:
                bases.insert(base, at: 0)
                isListed = true
            case .none, .nothing: bases.append(base)
            }
        }
        try reach.check()
        return (.unsure(bases), false)
    }

    /// Asks the places for lists and for pages below them, until a page proves one.
    ///
    /// - Throws: `upstreamUnavailable` or `upstreamForbidden` when no server could be asked.
    func find() async throws -> Finding {
        if let configuring = context.repository.configuring { return try await find(by: configuring) }
        var finding = Finding(base: context.settings.remoteURL)
        var (guess, emptyList): (String?, String?)
        var reach = Reach()
        let hasLists = try await hasLists()
        for attempt in 0..<Self.maxPlaces {
            guard let request = try await request(attempt) else { break }
            let base = request.resolvedBase ?? request.url
            guess = guess ?? base
            var names = request.isCertain || hasLists ? try await knownPackages() : []
            switch try await reach.noting({ try await list(request, &finding) }) {
            case .flat(let base): return finished(finding, base, isProven: true)
            case .packages where !hasLists: return finished(finding, base, isProven: true)
            case .packages(let listed) where listed.isEmpty: emptyList = emptyList ?? base
            case .packages(let listed): names = listed
            case .none, .nothing: break
            }
            for package in names.prefix(Self.maxPages)
            where try await reach.noting({ try await hasPage(of: package, base, &finding) }) ?? false {
                return finished(finding, base, isProven: true)
            }
            if request.isCertain { return finished(finding, base, isProven: true) }
        }
        if finding.attempts.isEmpty {
            // The format has no index to look for: the URL is the base.
            return finished(finding, finding.base, isProven: false)
        }
        try reach.check()
        if let emptyList { return finished(finding, emptyList, isProven: false) }
        finding.base = guess ?? finding.base
        return finding
    }

    /// Asks the places for the document that says where things are: what has it is the place.
    private func find(by format: IsolatedFormat<any UpstreamConfigurationReading>) async throws -> Finding {
        var finding = Finding(base: context.settings.remoteURL)
        var reach = Reach()
        for attempt in 0..<Self.maxPlaces {
            let place = try await request(attempt)
            if place == nil, attempt > 0 { break }
            let base = place.map { $0.resolvedBase ?? $0.url } ?? context.settings.remoteURL
            if attempt == 0 { finding.base = base }
            if try await reach.noting({ try await hasConfiguration(base, format, &finding) }) ?? false {
                return finished(finding, base, isProven: true)
            }
            if place == nil { break }
        }
        try reach.check()
        return finding
    }

    private func hasConfiguration(
        _ base: String, _ format: IsolatedFormat<any UpstreamConfigurationReading>, _ finding: inout Finding
    ) async throws -> Bool {
        let request = try await format.ask { try $0.configurationRequest(base: base) }
        let response = try await send(request, &finding)
        guard response.status == 200 else { return false }
        do {
            let document = UpstreamDocument(
                url: response.url, contentType: response.headers["content-type"],
                bytes: try await response.body.collect(limit: Int(clamping: request.maxSize)))
            _ = try await format.ask(on: context.processors) { try $0.configuration(from: document) }
            finding.note(request.url, "200")
            return true
        } catch let error as SaveError where error.code == .upstreamInvalid || error.code == .tooLarge {
            finding.note(request.url, "200, but not what says where the files are")
            return false
        }
    }

    private func finished(_ finding: Finding, _ base: String, isProven: Bool) -> Finding {
        var finding = finding
        finding.base = base
        finding.succeeded = true
        finding.isProven = isProven
        return finding
    }

    // MARK: Lists

    private enum List {
        /// A page with the files of all packages, which is asked by this base.
        case flat(String)
        /// A list of packages, with some of them.
        case packages([PackageID])
        case nothing
    }

    private func list(_ request: UpstreamRequest) async throws -> List {
        var finding = Finding(base: "")
        return try await list(request, &finding)
    }

    private func list(_ request: UpstreamRequest, _ finding: inout Finding) async throws -> List {
        let response = try await send(request, &finding, prefix: request.maxSize)
        guard response.status == 200 else { return .nothing }
        guard accepts(request, response.headers["content-type"]) else {
            finding.note(request.url, "200, of another type than was asked for")
            return .nothing
        }
        var bytes: [UInt8] = []
        var isWhole = true
        do {
            while let chunk = try await response.body.next() {
                bytes += chunk
                // A root index may have 40 MB; its beginning is enough.
                guard Int64(bytes.count) < request.maxSize else {
                    isWhole = false
                    break
                }
            }
        } catch let error as SaveError where error.code == .tooLarge {
            isWhole = false
        }
        let document = UpstreamDocument(
            url: response.url, contentType: response.headers["content-type"], bytes: bytes, isWhole: isWhole)
        do {
            let listing = try await context.repository.format.listing(from: document, for: .root, on: context.processors)
            // What was only guessed is not taken for more than it says: a page of one package has links to files as well.
            if let base = listing.attributes[UpstreamRequest.resolvedBaseAttribute]?.string {
                finding.note(request.url, "200, a page of files")
                return try isConfigured(request) ? .flat(base) : .nothing
            }
            finding.note(request.url, "200")
            return .packages(Self.sample(listing.packages))
        } catch let error as SaveError where error.code == .formatTimeout {
            throw error
        } catch {
            finding.note(request.url, "200, but no list of packages")
            return .nothing
        }
    }

    /// Whether a place is the very one that the repository was given.
    private func isConfigured(_ request: UpstreamRequest) throws -> Bool {
        let remote = context.settings.remoteURL
        let directory = try URLReference.directory(remote)
        return request.url == URLReference.normalized(remote) || request.url == directory
    }

    /// A few from all over the list.
    private static func sample(_ packages: PackageList) -> [PackageID] {
        let last = packages.count - 1
        guard last >= 0 else { return [] }
        var places = [0, last / 2, last]
        if last < 2 { places = Array(0...last) }
        return places.map { packages[packages.index(packages.startIndex, offsetBy: $0)].id }
    }

    // MARK: Pages

    private func hasPage(of package: PackageID, _ base: String, _ finding: inout Finding) async throws -> Bool {
        let index = IndexKey.package(package)
        var request = try await context.repository.format.upstreamRequest(for: .index(index), base: base)
        var found: ClientResponse?
        for place in request.places(last: nil) where found == nil {
            request.url = place
            let response = try await send(request, &finding)
            if response.status == 200 { found = response }
        }
        guard let response = found else { return false }
        let document = UpstreamDocument(
            url: response.url, contentType: response.headers["content-type"],
            bytes: try await response.body.collect(limit: Int(clamping: request.maxSize)))
        do {
            _ = try await context.repository.format.listing(from: document, for: index, on: context.processors)
            finding.note(request.url, "200")
            return true
        } catch let error as SaveError where error.code == .formatTimeout {
            throw error
        } catch {
            finding.note(request.url, "200, but no page of a package")
            return false
        }
    }

    /// Packages whose pages or files were had before, for an upstream without a list.
    private func knownPackages() async throws -> [PackageID] {
        let id = context.id
        let seen = context.memory.seenPackages[context.upstream]
        let stored = try await context.store.read { try $0.packages(id, after: nil, limit: Self.maxPages, matching: nil) }
        return [seen].compactMap(\.self) + stored.map(\.id).filter { $0 != seen }
    }

    // MARK: Requests

    private func request(_ attempt: Int) async throws -> UpstreamRequest? {
        try await request(for: .probe(attempt: attempt))
    }

    /// Whether upstreams of this format have a list of their packages.
    private func hasLists() async throws -> Bool { try await request(for: .index(.root)) != nil }

    private func request(for target: UpstreamTarget) async throws -> UpstreamRequest? {
        do {
            return try await context.repository.format.upstreamRequest(for: target, base: context.settings.remoteURL)
        } catch let error as SaveError where error.code == .unsupported {
            return nil
        }
    }

    /// Sends a request, and notes every answer but 200.
    ///
    /// - Parameter prefix: how much of the body is read; nil for all of it.
    private func send(_ request: UpstreamRequest, _ finding: inout Finding, prefix: Int64? = nil) async throws -> ClientResponse {
        var client = ClientRequest(
            // The beginning of a list is enough, however long it says it is.
            url: request.url, credentials: context.credentials(for: request.url), decodes: true,
            maxSize: prefix == nil ? request.maxSize : .max, prefix: prefix, redirects: .sameServer)
        if let accept = request.accept { client.headers.append("Accept", accept) }
        do {
            let response = try await context.client.send(client)
            if response.status != 200 {
                let target = (300..<400).contains(response.status) ? response.headers["location"] : nil
                let place = target.flatMap { URLReference.resolve($0, against: request.url) }.map(URLReference.shown)
                finding.note(request.url, String(response.status) + (place.map { " to \($0)" } ?? ""))
            }
            return response
        } catch let error as SaveError {
            finding.note(request.url, error.code.rawValue)
            throw error
        }
    }

    /// Whether a type is one of those that were asked for.
    private func accepts(_ request: UpstreamRequest, _ contentType: String?) -> Bool {
        guard let accept = request.accept, let contentType else { return true }
        let essence = MediaType(contentType).essence
        return accept.utf8.split(separator: UInt8(ascii: ",")).contains { element in
            let range = element.drop { $0 == 0x20 }.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }
            return range.elementsEqual(essence.utf8)
        }
    }
}

/// Whether any request got an answer: a server that cannot be reached shows nothing about its index.
private struct Reach {
    private var isReached = false
    private var failure: SaveError?

    /// - Returns: nil for a request without an answer.
    /// - Throws: `upstreamForbidden`, after which no other place needs to be asked.
    mutating func noting<Value>(_ body: () async throws -> Value) async throws -> Value? {
        do {
            let value = try await body()
            isReached = true
            return value
        } catch let error as SaveError where error.code != .upstreamForbidden && error.code != .formatTimeout {
            failure = error
            return nil
        }
    }

    func check() throws {
        if !isReached, let failure { throw failure }
    }
}
