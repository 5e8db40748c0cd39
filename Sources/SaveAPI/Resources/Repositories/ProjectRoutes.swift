internal import SavePlatform
internal import SaveStorage

/// Projects: who owns repositories.
enum ProjectRoutes {
    private static let description = FieldRule(
        "description", .text(max: 4096), "What the project is for.", example: "The backend team")
    private static let create = ObjectRule(
        name: "ProjectCreate",
        fields: [
            FieldRule("name", .form(.resourceName), required: true, "Its name, for good.", example: "backend"), description,
        ])
    private static let update = ObjectRule(name: "ProjectUpdate", fields: [description])

    static let all: [APIRoute] = [
        APIRoute(
            .get, "/projects", .signedIn, "The projects the caller may see",
            query: [FieldRule("q", .text(max: 200), "A part of the name, literally.")] + APICall.paging, answer: "ProjectList"
        ) { call, _ in
            let wanted = call.query["q"] ?? ""
            let projects = call.caller.projects.filter { contains($0.name, wanted) }
            return try call.page(projects, by: \.name, json)
        },
        APIRoute(
            .post, "/projects", .administer, "Create a project", body: create, status: 201, answer: "Project",
            failures: [.conflict], action: "project.create"
        ) { call, _ in
            let name = call.body["name"]?.string ?? ""
            let text = call.body["description"]?.string ?? ""
            let project = try await call.change { writing, now in
                let project = try writing.put(ProjectRecord(name: name, description: text, created: now, updated: now))
                return (project, [call.event(name, ["description": .string(text)])])
            }
            return call.answer(json(project), etag: etag(project), location: "/api/v1/projects/\(name)")
        },
        APIRoute(.get, "/projects/{project}", .seenProject, "A project", answer: "Project") { call, project in
            call.answer(json(project), etag: etag(project))
        },
        APIRoute(
            .patch, "/projects/{project}", .project(.manage), "Change a project", body: update, answer: "Project",
            failures: [.preconditionFailed], action: "project.update"
        ) { call, project in
            let body = call.body
            let changed = try await call.change { writing, now in
                var record = try writing.current(project)
                try call.requireMatch(etag(record))
                let before = json(record)
                if let text = body["description"]?.string { record.description = text }
                record.updated = later(now, than: record.updated)
                record = try writing.put(record)
                return (record, [call.event(record.name, changes(from: before, to: json(record)))])
            }
            return call.answer(json(changed), etag: etag(changed))
        },
        APIRoute(
            .delete, "/projects/{project}", .project(.manage), "Delete an empty project", status: 204,
            failures: [.conflict, .preconditionFailed], action: "project.delete"
        ) { call, project in
            try await call.change { writing, _ in
                let record = try writing.current(project)
                try call.requireMatch(etag(record))
                guard try !writing.hasRepositories(record) else {
                    throw SaveError(.conflict, "the project has repositories; delete them first")
                }
                // A robot without its project would be a global one.
                guard try !writing.hasRobots(record) else {
                    throw SaveError(.conflict, "the project has robots of its own; delete them first")
                }
                try writing.deleteProject(record.id)
                return ((), [call.event(record.name)])
            }
            return APICall.noContent
        },
    ]

    private static func etag(_ project: ProjectRecord) -> String { entityTag(project.id, project.updated) }

    private static func json(_ project: ProjectRecord) -> JSONValue {
        [
            "name": .string(project.name), "description": .string(project.description),
            "created_at": .string(project.created.rfc3339), "updated_at": .string(project.updated.rfc3339),
        ]
    }
}
