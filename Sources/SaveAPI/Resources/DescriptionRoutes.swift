internal import SavePlatform

/// What this server has and how its API looks.
enum DescriptionRoutes {
    static let all: [APIRoute] = [
        APIRoute(.get, "/formats", .signedIn, "The formats of this server", answer: "FormatList") { call, _ in
            let formats: [JSONValue] = call.context.formats.descriptors.map { format in
                [
                    "id": .string(format.id), "name": .string(format.displayName),
                    "contract_version": .integer(Int64(format.contract)),
                    "abilities": .array(format.abilities.names.map(JSONValue.string)),
                ]
            }
            return call.answer(["items": .array(formats), "next": nil])
        },
        APIRoute(.get, "/openapi.json", .signedIn, "This description", answer: "Description") { call, _ in
            call.answer(OpenAPIDocument.describe(.complete, version: call.context.version))
        },
    ]
}
