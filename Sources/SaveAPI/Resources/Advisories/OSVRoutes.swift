internal import SaveAdvisories
internal import SaveHTTP
internal import SavePlatform

/// The protocol by which clients ask a database of the OSV schema (google.github.io/osv.dev/api): `uv audit`, `pip-audit`.
enum OSVRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .post, "/osv/v1/query", .advisoryService, "The records that affect a version of a package",
            payload: Payload(
                type: .json, schema: .object, isTypeOptional: true,
                examples: [("query", ["package": ["name": "requests", "ecosystem": "PyPI"], "version": "2.19.0"])]),
            answer: "OSVRecords", failures: [.notFound]
        ) { call, _ in
            let query = try await document(call)
            let records = try await records(query, call)
            var documents: [[UInt8]] = []
            for record in records {
                if let document = try await call.context.advisories.document(record.id) { documents.append(document) }
            }
            // "{}" is the answer where there is none.
            guard !documents.isEmpty else { return answer(Array("{}".utf8)) }
            return answer(Array(#"{"vulns":["#.utf8) + documents.joined(separator: ",".utf8) + "]}".utf8)
        },
        APIRoute(
            .post, "/osv/v1/querybatch", .advisoryService,
            "The same for up to a thousand packages, with the ids of records alone",
            payload: Payload(
                type: .json, schema: .object, isTypeOptional: true,
                examples: [
                    ("queries", ["queries": [["package": ["name": "requests", "ecosystem": "PyPI"], "version": "2.19.0"]]])
                ]),
            answer: "OSVResults", failures: [.notFound]
        ) { call, _ in
            guard let queries = try await document(call)["queries"]?.array else {
                throw SaveError.invalid("queries", "'queries' must be a list of queries")
            }
            guard queries.count <= maxQueries else {
                throw SaveError.invalid("queries", "'queries' has more than \(maxQueries): ask in parts")
            }
            var results: [JSONValue] = []
            for query in queries {
                guard let query = query.object else { throw SaveError.invalid("queries", "'queries' must be a list of objects") }
                let found = try await records(query, call).map { record -> JSONValue in
                    ["id": .string(record.id), "modified": JSONValue(record.modified?.rfc3339)]
                }
                results.append(found.isEmpty ? [:] : ["vulns": .array(found)])
            }
            return call.answer(["results": .array(results)])
        },
        APIRoute(
            .get, "/osv/v1/vulns/{advisory}", .advisoryService, "A record in the OSV schema, as it was imported",
            answer: "OSVRecord"
        ) {
            call, _ in
            guard let document = try await call.context.advisories.document(call["advisory"]) else {
                throw SaveError(.notFound, "there is no record of this id here: records come in by save-server advisories import")
            }
            return (try? JSONValue(parsing: document)).map { call.answer($0) } ?? answer(document)
        },
    ]

    private static let maxQueries = 1000
    /// A thousand queries have some hundred kilobytes.
    private static let maxBodyBytes = 4 << 20

    private static func document(_ call: APICall) async throws -> JSONObject {
        let bytes = try await call.request.body.collect(limit: maxBodyBytes)
        do {
            if let object = try JSONValue(parsing: bytes).object { return object }
        } catch {
            throw SaveError(.invalidRequest, "the body is not JSON: \(error)")
        }
        throw SaveError(.invalidRequest, "the body must be a JSON object")
    }

    /// What a query is about: a name with its ecosystem, or a package URL. Of commits and of other ecosystems nothing is known here.
    private static func records(_ query: JSONObject, _ call: APICall) async throws -> [Advisory] {
        let package = query["package"]?.object ?? JSONObject()
        let database = call.context.advisories
        let version = query["version"]?.string
        var question: AdvisoryQuestion?
        if let text = package["purl"]?.string {
            let url = try PackageURL(text)
            question = try await database.question(PackageURL(type: url.type, name: url.name, version: url.version ?? version))
        } else if let name = package["name"]?.string, let ecosystem = package["ecosystem"]?.string {
            question = try await database.question(name, in: ecosystem, version: version)
        } else if query["commit"] == nil {
            throw SaveError.invalid("package", "'package' must have a 'name' with an 'ecosystem', or a 'purl'")
        }
        guard let question else { return [] }
        return try await database.records(about: question)
    }

    private static func answer(_ bytes: [UInt8]) -> HTTPResponse {
        HTTPResponse(status: 200, headers: ["Content-Type": "application/json"], body: .bytes(bytes))
    }
}
