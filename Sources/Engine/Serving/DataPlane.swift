internal import SaveAccess
package import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
package import SaveStorage

/// Everything below `/<format>/<project>/<repository>/` and the mounts of formats: resolves the repository once, derives the
/// permission from the route, and only then lets a handler run. `Serving` puts it together.
package final class DataPlane: Responder {
    private let authenticator: any RequestAuthenticating
    private let signIns: any SignInHandling
    private let root: any RootHandling
    private let resolver: any RequestResolving
    private let handlers: RouteHandlers
    private let memo: AnswerMemo
    private let recorder: any RequestRecording
    private let errors: any ErrorRendering

    init(
        authenticator: any RequestAuthenticating, signIns: any SignInHandling, root: any RootHandling,
        resolver: any RequestResolving, handlers: RouteHandlers, memo: AnswerMemo, recorder: any RequestRecording,
        errors: any ErrorRendering
    ) {
        self.authenticator = authenticator
        self.signIns = signIns
        self.root = root
        self.resolver = resolver
        self.handlers = handlers
        self.memo = memo
        self.recorder = recorder
        self.errors = errors
    }

    /// Notes that an account is signed in, where the data plane is not what is asked.
    package func noteSignIn(of principal: Principal, _ request: HTTPRequest) { recorder.noteSignIn(of: principal, request) }

    /// A refusal of what does not get as far as here, in the form that the clients of the path's format read.
    package func answer(_ error: any Error, to request: HTTPRequest) -> HTTPResponse {
        errors.answer(error, request, onlyJSON: false)
    }

    // MARK: In memory

    package func immediateResponse(to request: HTTPRequest) -> HTTPResponse? {
        guard request.method == .get else { return nil }
        let name = memo.name(of: request)
        if let known = memo.answer(name) {
            if let key = known.principal.key { authenticator.noteUse(of: key, by: request) }
            recorder.noteSignIn(of: known.principal, request)
            return send(known.answer, known.validity, to: known.principal, request)
        }
        // Before the sender is looked up: a credential that is revoked meanwhile must not be remembered as one of later.
        let generation = memo.generation
        guard let sender = authenticator.cached(request), let resolved = resolver.known(request, sender),
            (try? RouteAuthorization.check(resolved)) != nil, case .ready(let answer)? = try? reply(to: resolved)
        else { return nil }
        memo.remember(answer, as: name, generation: generation, sender: sender)
        recorder.noteSignIn(of: sender.principal, request)
        return send(answer, answer.validity, to: sender.principal, request)
    }

    // MARK: With waiting

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            if let answer = try await signIns.answer(request) { return answer }
            let sender = try await sender(of: request)
            recorder.noteSignIn(of: sender.principal, request)
            if let answer = try root.answer(request, from: sender) { return answer }
            let resolved = try await resolve(request, sender)
            do {
                try RouteAuthorization.check(resolved)
            } catch {
                await recorder.noteRefusal(error, of: resolved)
                // In no form of the route's own: a caller who may not read the repository does not learn that it has such a route.
                throw error
            }
            return await answer(resolved)
        } catch {
            return errors.answer(error, request, onlyJSON: false)
        }
    }

    private func sender(of request: HTTPRequest) async throws -> Authentication {
        if let known = authenticator.cached(request) { return known }
        return try await authenticator.authenticate(request)
    }

    private func resolve(_ request: HTTPRequest, _ sender: Authentication) async throws -> ResolvedRequest {
        do {
            return try await resolver.resolve(request, sender)
        } catch {
            await recorder.noteRefusal(error, of: request, from: sender.principal)
            throw error
        }
    }

    private func answer(_ resolved: ResolvedRequest) async -> HTTPResponse {
        do {
            switch try reply(to: resolved) {
            case .ready(let answer): return send(answer, answer.validity, to: resolved.principal, resolved.request)
            case .pending(let work): return send(try await work(), to: resolved.principal, resolved.request)
            }
        } catch {
            await recorder.noteRefusal(error, of: resolved)
            return errors.answer(error, resolved.request, onlyJSON: resolved.route.comesAsJSONOnly)
        }
    }

    // MARK: The same for both

    /// What there is for a request that is authorized.
    private func reply(to resolved: ResolvedRequest) throws -> Reply {
        guard resolved.repository.record.online else { throw SaveError.offline(resolved.repository) }
        return try handlers[resolved.route].reply(to: resolved)
    }

    private func send(
        _ ready: any ReadyAnswer, _ validity: CacheValidity, to principal: Principal, _ request: HTTPRequest
    ) -> HTTPResponse {
        send(Answer(ready, validity: validity, isFromMemory: true, to: request), to: principal, request)
    }

    private func send(_ answer: Answer, to principal: Principal, _ request: HTTPRequest) -> HTTPResponse {
        recorder.noteAnswer(answer, to: principal, request)
        return answer.response
    }
}

extension Route {
    /// Whether it reads something that comes as JSON only.
    fileprivate var comesAsJSONOnly: Bool {
        guard case .index(_, let offers) = self else { return false }
        return offers.allSatisfy(\.isJSON)
    }
}
