internal import SaveHTTP
internal import SavePlatform
internal import SaveServing

/// Sends a form to the REST API: once, however often the browser sends it, and with a way back to the form where it is refused.
enum Submission {
    typealias Page = @Sendable (PageCall) async throws -> PageAnswer

    /// - Parameters:
    ///   - form: which of the page's forms it is.
    ///   - location: where to go on when it is done.
    ///   - done: what that page tells of it, of `Done`.
    ///   - page: the page that the form stands on; it is shown again with what was typed and what was wrong.
    ///   - question: what to ask the REST API. What it throws is shown at the form as well.
    /// - Throws: what is no fault of the form.
    static func send(
        _ call: PageCall, form: String, to location: String, done: Done?, page: Page, _ question: (PageCall) throws -> APIQuestion
    ) async throws -> PageAnswer {
        let answer = PageAnswer(redirectTo: Done.url(location, done))
        return try await once(call, form: form, sentAlready: answer, page: page) {
            var asked = try question(call)
            if !call[AdministrationForm.tag].isEmpty { asked.tag = call[AdministrationForm.tag] }
            _ = try await call.ask(asked)
            return answer
        }
    }

    /// The same for work of any kind.
    ///
    /// - Parameter sentAlready: what a browser gets that sends the form again.
    static func once(
        _ call: PageCall, form: String, sentAlready: PageAnswer, page: Page, _ work: () async throws -> PageAnswer
    ) async throws -> PageAnswer {
        do {
            return try await call.sentForms.once(call, work) ?? sentAlready
        } catch {
            return try await refused(error, call, form: form, page: page)
        }
    }

    /// The page again, with what was wrong with its form.
    ///
    /// - Throws: the error, where it is not about the form.
    static func refused(_ error: any Error, _ call: PageCall, form: String, page: Page) async throws -> PageAnswer {
        guard let error = error as? SaveError, isAboutForm(error) else { throw error }
        var again = call
        again.refused = RefusedForm(form: form, error: error)
        var answer = try await page(again)
        answer.status = ErrorResponder.status(of: error.code)
        answer.retryAfter = error.details["retry_after"]
        answer.refusal = error
        return answer
    }

    private static func isAboutForm(_ error: SaveError) -> Bool {
        switch error.code {
        case .unauthenticated, .storageUnavailable, .storageFull, .internalFailure: false
        default: true
        }
    }

    /// Refuses to delete something of which the name was not typed.
    ///
    /// - Throws: `invalidRequest`.
    static func requireName(_ name: String, _ call: PageCall) throws {
        guard call["confirm"].utf8.elementsEqual(name.utf8) else {
            throw SaveError.invalid("confirm", "to delete it, type its name: \(name)")
        }
    }
}

/// What was done, told by the page that a form leads to. Addresses have the word, so that the page can be loaded again.
enum Done: String {
    case saved, made, deleted, removed, invalidated, revoked, granted, denied, started, cancelled, collected, imported
    case password, yanked, unyanked, released

    static func url(_ location: String, _ done: Done?) -> String {
        guard let done else { return location }
        return location + (location.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + "done=" + done.rawValue
    }

    var sentence: String {
        switch self {
        case .saved: "It is saved."
        case .made: "It is made."
        case .deleted: "It is deleted."
        case .removed: "The role is taken away."
        case .invalidated: "The cached indexes are dropped: the upstream is asked again. Files stay."
        case .revoked: "The key is revoked."
        case .granted: "The waiver is granted."
        case .denied: "The waiver is deleted."
        case .started: "The job has begun."
        case .cancelled: "The job is cancelled."
        case .collected: "What nothing needs is removed."
        case .imported: "The advisories are taken in."
        case .yanked: "It is yanked: clients that ask for exactly it still get it."
        case .unyanked: "It is offered again."
        case .released: "The name is free: another file may have it."
        case .password: "The password is set. Sessions that were signed in with the one before have ended."
        }
    }
}
