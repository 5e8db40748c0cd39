internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Brings here what says which licence a file of an upstream is under, where policies ask for that: most clients ask for it before the file, and
/// those that do not are to get no other verdict.
struct SidecarsForLicenses: Sendable {
    private let context: UpstreamContext

    init(_ context: UpstreamContext) { self.context = context }

    /// What cannot be had is left: the licence is unknown then.
    func bring(for path: AssetPath, listedIn known: UpstreamMemory.KnownIndex?) async {
        guard context.repository.asksLicenses, let deriving = context.deriving, let file = known?.record(path),
            file.sidecarOf == nil, let carried = try? await deriving.ask({ $0.embeddedSidecar(of: file) })
        else { return }
        let sidecar = known?.record(carried.path) ?? carried
        let isHere = try? await context.store.read { [id = context.id] in try $0.asset(id, sidecar.path) != nil }
        guard isHere == false else { return }
        _ = try? await UpstreamSidecar(context, deriving).content(of: sidecar)
    }
}

extension Repository {
    /// Whether it matters to a policy which licence a file is under.
    var asksLicenses: Bool { policies.contains { $0.record.match.licenses != nil } }
}
