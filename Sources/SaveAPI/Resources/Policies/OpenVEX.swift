internal import SaveAccess
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Waivers of advisories as OpenVEX has them (https://github.com/openvex/spec, 0.2.0): statements that a package is not affected.
///
/// OpenVEX knows neither policies nor projects, and no end. So a document has only waivers that name advisories, and these come in
/// for one policy and one project until one time, which the request says.
enum OpenVEX {
    private static let context = "https://openvex.dev/ns/v0.2.0"
    /// Why a product is not affected, in words that all tools know.
    private static let justifications = [
        "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
    ]
    private static let maxStatements = 5000

    // MARK: Export

    /// The waivers that have not ended, one statement for each advisory.
    static func export(_ waivers: [WaiverRecord], _ call: APICall) throws -> HTTPResponse {
        let now = call.context.clock.now()
        let statements = waivers.filter { now < $0.until }.flatMap { waiver in
            waiver.advisories.map { statement($0, waiver, call) }
        }
        let origin = call.context.publicAddress?.text ?? call.request.origin ?? ""
        let list = JSONValue.array(statements)
        return call.answer([
            "@context": .string(context),
            "@id": .string("\(origin)/api/v1/waivers?format=openvex#\(Hex.encode(Digest.of(list.bytes).prefix(16)))"),
            "author": .string("Save at \(origin)"), "timestamp": .string(now.rfc3339), "version": 1,
            "tooling": .string("Save \(call.context.version)"), "statements": list,
        ])
    }

    private static func statement(_ advisory: String, _ waiver: WaiverRecord, _ call: APICall) -> JSONValue {
        let shown = WaiverRoutes.json(waiver, call).object
        let text: (String) -> String = { shown?[$0]?.string ?? "" }
        var statement: JSONObject = [
            "vulnerability": ["name": .string(advisory)],
            "products": [["@id": .string(waiver.package), "identifiers": ["purl": .string(waiver.package)]]],
            "timestamp": .string(waiver.created.rfc3339), "last_updated": .string(waiver.updated.rfc3339),
        ]
        let place = "policy \(text("policy")) in the project \(text("project")) until \(text("until"))"
        guard waiver.state == .granted else {
            statement["status"] = "under_investigation"
            statement["status_notes"] = .string("asked for by \(waiver.requestedBy), \(place): \(waiver.reason)")
            return .object(statement)
        }
        statement["status"] = "not_affected"
        let word = justifications.first { waiver.reason.utf8.starts(with: $0.utf8) }
        if let word { statement["justification"] = .string(word) }
        let impact = String(
            Substring(waiver.reason.utf8.dropFirst(word.map { $0.utf8.count } ?? 0).drop { $0 == 0x3A || $0 == 0x20 }))
        if word == nil || !impact.isEmpty { statement["impact_statement"] = .string(word == nil ? waiver.reason : impact) }
        statement["status_notes"] = .string("granted by \(waiver.grantedBy ?? ""), \(place)")
        return .object(statement)
    }

    // MARK: Import

    static let importRoute = APIRoute(
        .post, "/waivers/import", .signedIn,
        "Take the statements of an OpenVEX document in as waivers of one policy in one project; all of them, or nothing",
        query: [
            FieldRule(
                "project", .form(.resourceName), required: true, "The project in whose repositories they count.",
                example: "backend"),
            FieldRule("policy", .form(.policyName), "The name of the policy; this or policy_id.", example: "holes"),
            FieldRule("policy_id", .integer(1...2_000_000_000), "The number of the policy, where several have the name."),
            WaiverRules.until(required: true),
        ],
        payload: Payload(
            type: .json, schema: .object,
            examples: [
                (
                    "openvex",
                    [
                        "@context": .string(context), "@id": "https://example.com/vex/1", "author": "Security",
                        "timestamp": "2026-11-01T00:00:00Z", "version": 1,
                        "statements": [
                            [
                                "vulnerability": ["name": "CVE-2026-1"], "products": [["@id": "pkg:pypi/acme-lib@1.0"]],
                                "status": "not_affected", "justification": "vulnerable_code_not_present",
                            ]
                        ],
                    ]
                )
            ]), answer: "WaiverImport", failures: [.notFound, .forbidden, .conflict], action: "waiver.import"
    ) { call, _ in
        let caller = call.caller
        guard let project = try call.query["project"].map(caller.seenProject) else {
            throw SaveError.invalid("project", "the query item 'project' is missing")
        }
        guard let end = call.query["until"] else { throw SaveError.invalid("until", "the query item 'until' is missing") }
        let until = try WaiverDraft.end(end, from: call.context.clock.now())
        let policy = try WaiverDraft.policy(
            named: call.query["policy"], number: call.query["policy_id"].flatMap { Int64($0) }, in: project, caller)
        let now = call.context.clock.now()
        let account = call.principal.name?.text ?? ""
        let pattern = WaiverRecord(
            project: project.id, policy: policy.id, package: "", reason: "", until: until, state: .granted, requestedBy: account,
            created: now, updated: now)
        try caller.requireGrant(of: pattern)
        guard policy.match.asksAffectingAdvisories, policy.action == .deny else {
            throw SaveError.invalid("policy", "the policy \(policy.name) refuses nothing for an advisory: name one that does")
        }
        let (drafts, skipped) = try await waivers(in: try await document(of: call), like: pattern, call)
        let counts = try await call.change { writing, now in
            try call.asOfNow().caller.requireGrant(of: pattern)
            return try store(drafts, skipped: skipped, writing, at: now, call)
        }
        call.context.operations.waiversChanged(in: project.id)
        return call.answer(.object(counts))
    }

    /// What a waiver lets pass: two that have the same, the advisories in any order, are one statement.
    private struct Exception: Hashable {
        let project: Int64
        let policy: Int64
        let state: WaiverRecord.State
        /// With its version or its versions, as bytes: Swift takes other spellings of a letter for the same.
        let package: [UInt8]
        let advisories: Set<String>

        init(_ waiver: WaiverRecord) {
            project = waiver.project
            policy = waiver.policy
            state = waiver.state
            package = Array(waiver.package.utf8)
            advisories = Set(waiver.advisories)
        }
    }

    private static func store(
        _ drafts: [WaiverRecord], skipped: Int, _ writing: any MetadataWriting, at now: Timestamp, _ call: APICall
    ) throws -> (JSONObject, [AuditEvent]) {
        var known = Set(try writing.waivers().filter { now < $0.until }.map(Exception.init))
        var events: [AuditEvent] = []
        var (granted, requested, unchanged) = (Int64(0), Int64(0), Int64(0))
        for draft in drafts {
            guard known.insert(Exception(draft)).inserted else {
                unchanged += 1
                continue
            }
            let record = try writing.put(draft)
            if record.state == .granted { granted += 1 } else { requested += 1 }
            events.append(WaiverRoutes.event(record, call))
        }
        let counts: JSONObject = [
            "granted": .integer(granted), "requested": .integer(requested), "unchanged": .integer(unchanged),
            "skipped": .integer(Int64(skipped)),
        ]
        return (counts, events + [call.event("openvex", counts)])
    }

    private static func document(of call: APICall) async throws -> [JSONValue] {
        let bytes = try await call.request.body.collect(limit: RequestInput.bodyLimit)
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw SaveError(.invalidRequest, "the body is not JSON: \(error)")
        }
        let name = value.object?["@context"]?.string ?? ""
        guard name.utf8.starts(with: "https://openvex.dev/ns".utf8) else {
            throw SaveError.invalid(
                "@context", "the body is no OpenVEX document: '@context' must begin with https://openvex.dev/ns")
        }
        guard let statements = value.object?["statements"]?.array, !statements.isEmpty, statements.count <= maxStatements else {
            throw SaveError.invalid("statements", "'statements' must be a list of 1 to \(maxStatements) statements")
        }
        return statements
    }

    /// The waivers that statements are, and how many say something else.
    private static func waivers(
        in statements: [JSONValue], like pattern: WaiverRecord, _ call: APICall
    ) async throws -> ([WaiverRecord], skipped: Int) {
        var found: [WaiverRecord] = []
        var skipped = 0
        for (index, value) in statements.enumerated() {
            let field = "statements[\(index)]"
            guard let statement = value.object else { throw SaveError.invalid(field, "'\(field)' must be an object") }
            var record = pattern
            switch statement["status"]?.string {
            case "not_affected":
                record.grantedBy = pattern.requestedBy
                record.reason = try reason(statement, field)
            case "under_investigation":
                record.state = .requested
                record.reason = statement["status_notes"]?.string ?? "under investigation"
            case "affected", "fixed":
                skipped += 1
                continue
            default:
                throw SaveError.invalid(
                    "\(field).status", "'\(field).status' must be not_affected, affected, fixed or under_investigation")
            }
            guard record.reason.utf8.count <= 2000 else {
                throw SaveError.invalid(field, "'\(field)' says more than 2000 bytes of why: shorten it")
            }
            record.advisories = try names(statement, field)
            for (place, product) in try products(statement, field) {
                record.package = try await package(product, place, call.context.formats)
                found.append(record)
            }
            guard found.count <= maxStatements else {
                throw SaveError.invalid(
                    "statements", "the statements are about more than \(maxStatements) products: send a part of them")
            }
        }
        return (found, skipped)
    }

    /// Spec: a statement that something is not affected must say why, by a justification or in words.
    private static func reason(_ statement: JSONObject, _ field: String) throws -> String {
        let justification = statement["justification"]?.string
        if let justification, !justifications.contains(justification) {
            throw SaveError.invalid(
                "\(field).justification", "'\(field).justification' must be one of \(justifications.joined(separator: ", "))")
        }
        let parts = [justification, statement["impact_statement"]?.string].compactMap(\.self).filter { !$0.isEmpty }
        guard !parts.isEmpty else {
            throw SaveError.invalid(
                field, "'\(field)' says not_affected, and must have a 'justification' or an 'impact_statement'")
        }
        return parts.joined(separator: ": ")
    }

    /// The vulnerability's name and its aliases; a text in version 0.0 of the schema.
    private static func names(_ statement: JSONObject, _ field: String) throws -> [String] {
        let vulnerability = statement["vulnerability"]
        let object = vulnerability?.object
        let name = vulnerability?.string ?? object?["name"]?.string ?? ""
        let names = [name] + (object?["aliases"]?.array ?? []).compactMap(\.string)
        guard !name.isEmpty, names.count <= 100, names.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 100 }) else {
            throw SaveError.invalid(
                "\(field).vulnerability", "'\(field).vulnerability' must have a 'name' of at most 100 bytes, such as CVE-2026-1")
        }
        return names
    }

    /// The URLs of packages, each with the name of its field: of the parts of a product where it names them, else of the product.
    private static func products(_ statement: JSONObject, _ field: String) throws -> [(String, String)] {
        guard let products = statement["products"]?.array, !products.isEmpty else {
            throw SaveError.invalid("\(field).products", "'\(field).products' must name at least one package")
        }
        return try products.enumerated().flatMap { index, product in
            let place = "\(field).products[\(index)]"
            let parts = product.object?["subcomponents"]?.array ?? []
            guard parts.isEmpty else {
                return try parts.enumerated().map { (number, part) in
                    ("\(place).subcomponents[\(number)]", try url(part, "\(place).subcomponents[\(number)]"))
                }
            }
            return [(place, try url(product, place))]
        }
    }

    private static func url(_ product: JSONValue, _ place: String) throws -> String {
        let known = [product.object?["identifiers"]?.object?["purl"]?.string, product.object?["@id"]?.string, product.string]
        guard let url = known.compactMap(\.self).first(where: { $0.utf8.starts(with: "pkg:".utf8) }) else {
            throw SaveError.invalid(place, "'\(place)' must name a package by its URL (purl), in '@id' or 'identifiers.purl'")
        }
        return url
    }

    private static func package(_ text: String, _ place: String, _ formats: FormatRegistry) async throws -> String {
        do {
            // A product without a version is all of its versions.
            let versions = try PackageURL(text).version == nil ? "*" : nil
            return try await WaiverDraft.package(text, versions: versions, formats)
        } catch let error as SaveError {
            throw SaveError.invalid(place, "'\(place)': \(error.message)")
        }
    }
}
