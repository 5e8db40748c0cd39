internal import SaveAccess
internal import SavePlatform

/// What this server has and how its API looks.
enum DescriptionRoutes {
    static let all: [APIRoute] = [
        APIRoute(.get, "/formats", .signedIn, "The formats of this server", answer: "FormatList") { call, _ in
            call.answer(["items": .array(call.context.formats.entries.map { describe($0, for: call) }), "next": nil])
        },
        APIRoute(.get, "/openapi.json", .signedIn, "This description", answer: "Description") { call, _ in
            call.answer(OpenAPIDocument.describe(.complete, version: call.context.version))
        },
    ]

    /// A format and where it came from. Where files are on the server is for those who may see its insides.
    private static func describe(_ entry: FormatRegistry.Entry, for call: APICall) -> JSONValue {
        let format = entry.descriptor
        let path: String? =
            switch entry.origin {
            case .compiledIn: nil
            case .loaded(let path): path
            }
        return [
            "id": .string(format.id), "name": .string(format.displayName), "contract_version": .integer(Int64(format.contract)),
            "abilities": .array(format.abilities.names.map(JSONValue.string)), "mount": JSONValue(format.mount?.path),
            "origin": path == nil ? "compiled_in" : "loaded", "path": call.caller.mayInspect ? JSONValue(path) : nil,
        ]
    }
}
