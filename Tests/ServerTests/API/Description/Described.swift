@testable import SaveAPI
import SavePlatform
import Testing

/// Compares an answer with what the API's description says of it: the status, the type, the fields that are required, and
/// the body.
func expectDescribed(_ answer: APIAnswer, to method: String, _ target: String) {
    let path = target.prefix { $0 != "?" }.split(separator: "/").map(String.init)
    let wanted = method == "HEAD" ? "GET" : method
    guard let route = RouteTable.complete.routes(at: path[...]).map(\.route).first(where: { $0.method.name == wanted }) else {
        return
    }
    let place: Comment = "\(method) \(target): \(answer.status)"
    let operation = document.object?["paths"]?.object?["/api/v1\(route.pattern.text)"]?.object?[wanted.lowercased()]?.object
    guard let response = check.resolve(operation?["responses"]?.object?[String(answer.status)]) else {
        Issue.record("\(place) is not described")
        return
    }
    for field in response["headers"]?.object?.members ?? [] {
        let value = answer.headers[field.key]
        if field.value.object?["required"] == true { #expect(value != nil, "\(place) without \(field.key)") }
        guard let value, let schema = field.value.object?["schema"]?.object else { continue }
        #expect(check.faults(.string(value), schema).isEmpty, "\(place) \(field.key)")
    }
    guard let content = response["content"]?.object else {
        #expect(answer.bytes.isEmpty, place)
        return
    }
    let type = answer.headers["content-type"].map { MediaType($0).essence } ?? ""
    guard let schema = content[type]?.object?["schema"]?.object else {
        Issue.record("\(place) has the type '\(type)', which is not described")
        return
    }
    if type == "application/json" { #expect(check.faults(answer.json, schema).isEmpty, place) }
}

/// Paths of what `APIServer` has, once there is a package `alpha` and a robot `ci`.
enum RouteExamples {
    static func fill(_ pattern: String) -> String {
        [
            ("/robots/{name}", "/robots/ci"), ("{project}", "backend"), ("{name}", "hosted"), ("{username}", "dev"),
            ("{principal}", "dev"), ("{package}", "alpha"), ("{version}", "1"), ("{filename}", "alpha-1.a"), ("{id}", "0"),
        ].reduce(pattern) { $0.replacing($1.0, with: $1.1) }
    }
}

extension APIRoute {
    var examplePath: String { RouteExamples.fill(pattern.text) }
}

private let document = OpenAPIDocument.describe(.complete, version: "1")
private let check = JSONSchemaCheck(document: document)
