internal import SaveHTTP
internal import SavePlatform
internal import SaveServing
internal import SaveStorage

/// What clients are told of changes that went well, and of requests that were refused.
extension FormatConformance {
    func answers() async throws -> [String] {
        var found = templateFaults()
        let platform = try await InMemoryPlatform(type)
        if case .json = type.descriptor.refusals {
            // There is no such repository.
            let refusal = await platform.send(.get, platform.path(of: "hosted"))
            if try await !isJSON(refusal) { found.append("a refusal is not the JSON that it is said to be") }
        }
        guard abilities.contains(.hosted), !uploads.isEmpty else { return found }
        try await platform.add("hosted", .hosted)
        for upload in uploads {
            let answer = await platform.send(
                upload.method, platform.path(of: "hosted") + upload.path.drop { $0 == "/" }, headers: headers(of: upload),
                body: ByteStream(upload.body))
            let place = "\(upload.method.name) \(upload.path)"
            if answer.status == 500 { found.append("\(place): answers \(try await text(answer))") }
            let isSaidToBe = answer.headers["content-type"].map { MediaType($0).isJSON } ?? false
            if isSaidToBe, try await !isJSON(answer) {
                found.append("\(place): the answer is not the JSON that it is said to be")
            }
        }
        return found
    }

    private func isJSON(_ answer: HTTPResponse) async throws -> Bool {
        (try? JSONValue(parsing: Array(try await text(answer).utf8))) != nil
    }

    /// What is wrong with the documents that `ErrorFormat.json` has: a word that nothing takes the place of stands there as it is.
    private func templateFaults() -> [String] {
        guard case .json(let refusal, let codes, _, let success, _, let challenge) = type.descriptor.refusals else {
            return []
        }
        var found: [String] = []
        for (name, template) in [("refusals", refusal), ("success", success)] {
            for word in Self.words(of: template) where !TemplateWords.names.contains(word) {
                found.append("\(name): nothing takes the place of '{\(word)}'")
            }
        }
        if !Self.words(of: refusal).contains("message") { found.append("refusals: say no '{message}'") }
        for word in challenge.map({ Self.words(of: .string($0)) }) ?? [] where word != "repository" {
            found.append("challenge: nothing takes the place of '{\(word)}'")
        }
        // RFC 9110, 11.6.1: a challenge is a scheme and its parameters. What is no token before a space begins none.
        if let challenge, !challenge.utf8.prefix(while: { $0 != 0x20 }).allSatisfy(ASCII.isLetter) || challenge.isEmpty {
            found.append("challenge: begins with no scheme")
        }
        // Whatever has no status of its own is this server's fault, and one word is enough for all of it.
        for code in codes.keys where ErrorResponder.status(of: code) == 500 && code != .internalFailure {
            found.append("refusals: there is no error '\(code.rawValue)'")
        }
        return found.sorted()
    }

    /// What stands in braces in the strings of a document.
    private static func words(of template: JSONValue) -> [String] {
        switch template {
        case .string(let text):
            text.utf8.split(separator: UInt8(ascii: "{"), omittingEmptySubsequences: false).dropFirst().compactMap { rest in
                rest.firstIndex(of: UInt8(ascii: "}")).map { String(Substring(rest[..<$0])) }
            }
        case .array(let values): values.flatMap(words)
        case .object(let object): object.members.flatMap { words(of: $0.value) }
        case .null, .bool, .integer, .number: []
        }
    }
}
