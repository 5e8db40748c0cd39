internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// The record of a form that was refused before the REST API was asked for a change: what that refuses, it records itself.
enum FormRefusal {
    /// Forms that ask, and change nothing.
    private static let questions: Set<String> = ["preview", "probe"]

    static func record(_ error: any Error, _ route: PageRoute, _ call: PageCall) async {
        guard let action = route.action, call.session != nil, !call.changes.areThere, !questions.contains(call["way"]),
            !(error is CancellationError)
        else { return }
        let code = (error as? SaveError)?.code ?? .internalFailure
        let type = String(Substring(action.utf8.prefix { $0 != UInt8(ascii: ".") }))
        let event = AuditEvent(
            action, type, resource(route, call), outcome: isDenial(code) ? .denied : .failed,
            details: ["error": .string(code.rawValue)])
        let context = AuditContext(call.request, call.viewer.principal)
        await call.context.recordRefusal(event, context, "POST /ui\(route.pattern)")
    }

    /// What is hidden is as what is missing, for the caller; the trail has both for a refusal.
    private static func isDenial(_ code: SaveError.Code) -> Bool {
        [.forbidden, .unauthenticated, .notFound, .repositoryNotFound].contains(code)
    }

    /// The values that the address has in the places of the pattern's variables.
    private static func resource(_ route: PageRoute, _ call: PageCall) -> String {
        let words = route.pattern.utf8.split(separator: UInt8(ascii: "/"))
        return zip(words, call.path).filter { $0.0.first == UInt8(ascii: "{") }.map(\.1).joined(separator: "/")
    }
}
