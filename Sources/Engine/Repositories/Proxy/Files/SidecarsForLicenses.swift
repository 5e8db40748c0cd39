internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Brings here what says which licence a file of an upstream is under, where policies ask for that: most clients ask for it before the file, and
/// those that do not are to get no other verdict.
struct SidecarsForLicenses: Sendable {
    private let context: UpstreamContext

    init(_ context: UpstreamContext) { self.context = context }

    /// Brings it, unless it is here already. Where the upstream has none, and none can be read out of the file, the licence is unknown.
    ///
    /// - Returns: why it cannot be had now; nil where it is here, or where there is none.
    func bring(for path: AssetPath, listedIn known: UpstreamMemory.KnownIndex?) async -> SaveError? {
        guard context.repository.asksLicenses, let deriving = context.deriving, let file = known?.record(path),
            file.sidecarOf == nil
        else { return nil }
        do {
            guard let carried = try await deriving.ask({ $0.embeddedSidecar(of: file) }) else { return nil }
            let sidecar = known?.record(carried.path) ?? carried
            // A record is not enough: bytes that are lost are fetched again.
            if try await ProxyCache(context).stored(sidecar.path, sidecar.package) != nil { return nil }
            let content = try await UpstreamSidecar(context, deriving).content(of: sidecar)
            guard case .stored = content else {
                return SaveError(.storageUnavailable, Self.unknown(path) + "its metadata were not kept: ask again")
            }
            return nil
        } catch {
            guard !UpstreamSidecar.isLasting(error) else { return nil }
            let failure = error as? SaveError
            return SaveError(
                .upstreamUnavailable, Self.unknown(path) + (failure?.message ?? "its metadata cannot be read: ask again later"),
                details: failure?.details ?? [:], underlying: error)
        }
    }

    private static func unknown(_ path: AssetPath) -> String {
        "the licence of '\(path.filename)' is not known yet, and a policy asks for it: "
    }
}

extension Repository {
    /// Whether it matters to a policy which licence a file is under.
    var asksLicenses: Bool { policies.contains { $0.record.match.licenses != nil } }

    /// Whether it depends on the licence of a file if a policy denies it.
    ///
    /// - Parameter verdict: what is said of the file while its licence is unknown.
    func deniesByLicense(_ verdict: FileVerdict, of package: PackageID?) -> Bool {
        for policy in selection.about(package) {
            if let decision = verdict.decision, decision.policy == policy.record.id { return false }
            if policy.record.match.licenses != nil, policy.record.action == .deny, !policy.record.isDryRun { return true }
        }
        return false
    }
}
