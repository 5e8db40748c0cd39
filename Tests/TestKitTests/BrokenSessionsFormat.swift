import FormatChunks
import SavePlatform

/// The Chunks format, which takes uploads in several requests, with something wrong about just that.
struct BrokenSessionsFormat<Name: SessionFaultName>: RepositoryFormat {
    static var descriptor: FormatDescriptor {
        let chunks = ChunksFormat.descriptor
        let abilities = Name.fault == .claimsNoSessions ? chunks.abilities.subtracting(.uploadSessions) : chunks.abilities
        return FormatDescriptor(id: "broken", displayName: "Broken", abilities: abilities)
    }

    private let chunks: ChunksFormat

    init(settings: JSONObject) throws { chunks = try ChunksFormat(settings: settings) }

    func route(_ request: FormatRequest) throws -> Route {
        let route = try chunks.route(request)
        switch (route, Name.fault) {
        case (.upload(var plan), .forgetsTheSession):
            plan.session = nil
            return .upload(plan)
        case (.session(let step), .takesAnySession):
            guard case .append = step.action else { return route }
            return .session(UploadStep(.append(session: "0"), place: step.place))
        default: return route
        }
    }

    func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        try await chunks.receive(upload, into: staging)
    }

    func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        try chunks.upstreamRequest(for: target, base: base)
    }
}

/// One thing that is wrong with uploads in several requests.
enum SessionFault: CaseIterable { case nothing, forgetsTheSession, takesAnySession, claimsNoSessions }

protocol SessionFaultName: Sendable {
    static var fault: SessionFault { get }
}
