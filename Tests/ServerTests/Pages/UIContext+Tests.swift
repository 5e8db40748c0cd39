import SaveAPI
import SaveAccess
import SaveAudit
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveServer
import SaveStorage
import SaveUI

extension UIContext {
    /// What pages are made of in a server in memory.
    static func inTests(
        _ catalogue: Catalogue, _ store: any MetadataStore, _ authenticator: Authenticator, _ api: RESTAPI,
        _ services: EngineServices, clock: PlatformClock, address: String? = nil, maxKeyLifetime: Int64? = nil
    ) -> UIContext {
        UIContext(
            store: store, catalogue: catalogue, authenticator: authenticator,
            noteSignIn: { services.aggregator.noteSignIn(of: $0, $1) }, askAPI: api.askedByPages,
            openAPI: api.openedByPages,
            inspection: ServerInspection(
                failingPart: { nil }, settings: [.init(key: "port", value: "8080", source: "default")]),
            administration: services.administration, processors: .forTests,
            noteDownload: { services.aggregator.note($0, $1, to: $2, $3) },
            recordRefusal: { await services.aggregator.recordRefusal($0, $1, route: $2) }, maxKeyLifetime: maxKeyLifetime,
            publicAddress: address.flatMap(PublicAddress.init), clock: clock, log: .silent(), version: "1.2.3")
    }
}
