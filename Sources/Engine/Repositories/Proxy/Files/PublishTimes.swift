internal import SaveAccess
internal import SaveCaching
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// When files were published of which no index says it, for policies that ask for an age: when their upstream last changed them. Nobody
/// is asked where no policy wants to know.
struct PublishTimes: Sendable {
    private let context: UpstreamContext
    private let describing: IsolatedFormat<any PathDescribing>
    /// The longest age that a policy asks for, in seconds.
    private let longest: Int64

    /// Of a listing so many files are asked about, the last ones, which are the newest.
    private static let maxAsked = 50
    /// At a time.
    private static let maxAtOnce = 8

    /// nil where times are in the index, or no policy asks.
    init?(_ context: UpstreamContext) {
        longest = context.repository.policies.map(\.youngerThan).max() ?? 0
        guard longest > 0, let describing = context.describing else { return nil }
        self.context = context
        self.describing = describing
    }

    /// The listing with times, as far as they can be known.
    func applied(to listing: Listing) async throws -> Listing {
        var listing = listing
        let lacking = listing.assets.indices.filter { listing.assets[$0].published == nil && listing.assets[$0].sidecarOf == nil }
        if let bound = try await bound(in: listing) {
            for place in lacking { listing.assets[place].published = bound }
            return listing
        }
        for start in stride(from: max(0, lacking.count - Self.maxAsked), to: lacking.count, by: Self.maxAtOnce) {
            let places = lacking[start..<min(start + Self.maxAtOnce, lacking.count)]
            let paths = places.map { listing.assets[$0].path }
            let times = try await withThrowingTaskGroup(of: (Int, Timestamp?).self) { group in
                for (number, path) in paths.enumerated() { group.addTask { (number, try await time(of: path)) } }
                var times: [Int: Timestamp] = [:]
                for try await (number, time) in group { times[number] = time }
                return times
            }
            for (number, place) in places.enumerated() { listing.assets[place].published = times[number] }
        }
        return listing
    }

    /// When a file was published, or the one that stands for its version.
    ///
    /// - Parameter listing: what is known of its package.
    func published(_ listed: AssetRecord, for path: AssetPath, in listing: Listing?) async throws -> Timestamp? {
        if let known = listed.published { return known }
        if let listing, let bound = try await bound(in: listing) { return bound }
        if let time = try await time(of: listed.path) { return time }
        return path == listed.path ? nil : try await time(of: path)
    }

    /// The time after which nothing was published, where all is old enough by it.
    private func bound(in listing: Listing) async throws -> Timestamp? {
        guard let bound = try await describing.ask({ $0.latestPublish(in: listing) }),
            context.clock.now() >= bound.adding(seconds: longest)
        else { return nil }
        return bound
    }

    /// When the upstream last changed a file; nil where it does not say.
    func time(of path: AssetPath) async throws -> Timestamp? {
        let key = FillRegistry.Key(upstream: context.upstream, path: path)
        if let known = context.memory.publishTimes[key] { return known.time }
        let id = context.id
        let kept = try await context.store.read { try $0.asset(id, path)?.record }
        if let published = kept?.published { return published }
        if let until = context.memory.misses[context.missing(path)], until > context.clock.uptime() { return nil }
        do {
            let request = try await UpstreamFile(context).request(for: AssetRecord(path: path), method: .head)
            let response = try await context.client.send(request)
            try await response.body.drain()
            guard response.status == 200 else {
                // It may come later, and has a time then.
                if kept == nil, context.settings.meansMissing(response.status) {
                    let until = context.deadline(seconds: context.settings.negativeCacheTTL)
                    context.memory.misses.insert(until, for: context.missing(path))
                }
                return nil
            }
            let time = response.headers["last-modified"].flatMap(Timestamp.init(httpDate:))
            context.memory.publishTimes.insert(.init(time: time), for: key)
            return time
        } catch let error as SaveError {
            context.log(.warning, "an upstream did not say when a file was published", ["file": path.text, "error": "\(error)"])
            return nil
        }
    }
}
