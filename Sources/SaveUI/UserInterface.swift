internal import SaveAccess
package import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveServing
internal import SaveStorage

/// Everything below `/ui`: pages for people with a browser. The only part of the server that looks at cookies.
package final class UserInterface: Sendable {
    private let context: UIContext
    private let sessions: BrowserSessions
    private let links: Links
    private let sentForms = SentForms()
    private let searches = SearchTurns()
    private let memory: PageMemory

    package init(_ context: UIContext) {
        self.context = context
        sessions = BrowserSessions(store: context.store, catalogue: context.catalogue, clock: context.clock)
        memory = PageMemory(context)
        links = Links(prefix: context.publicAddress?.path ?? "")
    }

    /// Where a browser that asks for `/` is led.
    package var home: String { links.home }

    /// Answers a request below `/ui`. Never throws: every failure is a page.
    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        var call = PageCall(
            request: request, context: context, sessions: sessions, links: links, sentForms: sentForms, searches: searches)
        do {
            let path = try RequestPath(decoding: request.rawPath, escapedSlashesSeparate: true)
            call.path = Array(path.segments.dropFirst())
            if let file = StaticFile.all.first(where: { call.path == ["static", $0.name] }), request.method.isRead {
                return file.response
            }
            call.query = try QueryItems(decoding: request.rawQuery)
            // A page that looks for news by itself is nobody's doing.
            let isUse = request.headers[AdministrationScript.again] == nil
            call.session = try await sessions.session(of: SessionCookie(request, context.publicAddress), isUse: isUse)
            call.times = TimeStyle(request, context.publicAddress)
            let snapshot = context.catalogue.current
            call.viewer = Viewer(call.session?.authentication ?? .anonymous, in: snapshot)
            let key = PageMemory.Key(
                target: Array(request.target), origin: call.origin, session: call.session?.record.id ?? "",
                times: call.times)
            if request.method.isRead, let known = memory.page(key, in: snapshot) { return known }
            let (response, state) = try await answer(&call, endsInSlash: path.endsInSlash)
            if let state, request.method.isRead { memory.keep(response, key, state, in: snapshot) }
            return response
        } catch {
            return failure(error, call)
        }
    }

    /// A page about what is refused before anybody looks at it.
    package func refuse(_ error: any Error, _ request: HTTPRequest) -> HTTPResponse {
        failure(
            error,
            PageCall(
                request: request, context: context, sessions: sessions, links: links, sentForms: sentForms, searches: searches))
    }

    /// - Returns: the state of what the answer is about, where it may be given again.
    private func answer(_ call: inout PageCall, endsInSlash: Bool) async throws -> (HTTPResponse, PackageState?) {
        let routes = PageRoute.all.filter { $0.matches(call.path, call.viewer) }
        guard !routes.isEmpty else { throw SaveError(.notFound, "there is no such page") }
        var methods = Set(routes.map(\.method.name) + ["OPTIONS"])
        if methods.contains("GET") { methods.insert("HEAD") }
        let allow = methods.sorted().joined(separator: ", ")
        if call.request.method == .options { return (HTTPResponse(status: 204, headers: ["Allow": allow]), nil) }
        let method = call.request.method == .head ? .get : call.request.method
        guard let route = routes.first(where: { $0.method == method }) else {
            throw SaveError(.methodNotAllowed, "this page cannot be asked for in that way: open it", details: ["allow": allow])
        }
        if route.needsSession, call.session == nil { throw SaveError.signInForThis }
        if method == .get, route.endsInSlash, !endsInSlash {
            return (redirect(to: call.path.links(links), with: call.query), nil)
        }
        let answer: PageAnswer
        do {
            if method == .post { try await FormBody.read(into: &call, takesFile: route.takesFile) }
            answer = try await route.answer(call)
            if let refusal = answer.refusal { await FormRefusal.record(refusal, route, call) }
        } catch {
            await FormRefusal.record(error, route, call)
            throw error
        }
        var response = Layout.response(answer, call)
        // What the page has not read of a file, nobody will.
        if route.takesFile { response.closesConnection = true }
        return (response, answer.state)
    }

    /// Links on a page begin at the slash.
    private func redirect(to path: String, with query: QueryItems) -> HTTPResponse {
        let location = Links.url(path, query.all.map { ($0.name, $0.value) })
        return HTTPResponse(status: 301, headers: ["Location": location, "Cache-Control": "no-cache"])
    }

    private func failure(_ error: any Error, _ call: PageCall) -> HTTPResponse {
        if let failure = error as? SaveError, failure.code == .unauthenticated, call.request.method.isRead {
            return Layout.response(PageAnswer(redirectTo: links.login(returningTo: call.request.target)), call)
        }
        var told = error
        // There is no challenge that a browser should answer.
        if let failure = error as? SaveError, failure.code == .unauthenticated { told = SaveError(.forbidden, failure.message) }
        let plain = ErrorResponder.text(told, request: call.request, log: context.log)
        var response = Layout.response(FailurePage.answer(plain, call), call)
        for name in ["Allow", "Retry-After"] { response.headers[name] = plain.headers[name] }
        response.closesConnection = call.request.body.length != 0 && (call.form == nil || call.file != nil)
        return response
    }
}

extension SaveError {
    /// For a page that a visitor may not see, whether it is there or not.
    static let signInForThis = SaveError(.unauthenticated, "sign in first")
}
