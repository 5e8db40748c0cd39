internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Machines' accounts.
enum RobotRoutes {
    private static let description = FieldRule(
        "description", .text(max: 4096), "What the robot is for.", example: "Build machines")
    private static let disabled = FieldRule("disabled", .boolean, "Whether its keys are refused.")

    static let all: [APIRoute] = [
        APIRoute(
            .get, "/robots", .signedIn, "The robots the caller may manage; all for administrators and auditors",
            query: [
                FieldRule("project", .form(.resourceName), "Only robots of this project's own."),
                FieldRule("q", .text(max: 200), "A part of the name, literally."),
            ] + APICall.paging, answer: "RobotList"
        ) { call, _ in
            let project = call.query["project"]
            let robots = call.caller.robots.filter { robot in
                (project == nil || call.caller.projectName(of: robot) == project) && contains(robot.name, call.query["q"] ?? "")
            }
            return try call.page(robots.sorted { $0.name < $1.name }, by: \.name) { json($0, call) }
        },
        APIRoute(
            .post, "/robots", .signedIn.withPassword, "Create a robot; without a project only administrators may",
            body: ObjectRule(
                name: "RobotCreate",
                fields: [
                    FieldRule("name", .form(.resourceName), required: true, "Its name, without sa$.", example: "ci"),
                    description, disabled,
                    FieldRule(
                        "project", .form(.resourceName), nullable: true, "The project it belongs to, and cannot leave.",
                        example: "backend"),
                ]),
            status: 201, answer: "Robot", failures: [.notFound, .conflict], action: "robot.create"
        ) { call, _ in try await create(call) },
        APIRoute(.get, "/robots/{name}", .robot(changing: false), "A robot", answer: "Robot") { call, robot in
            call.answer(json(robot, call), etag: etag(robot))
        },
        APIRoute(
            .patch, "/robots/{name}", .robot(changing: true).withPassword, "Change a robot",
            body: ObjectRule(name: "RobotUpdate", fields: [description, disabled]), answer: "Robot",
            failures: [.preconditionFailed], action: "robot.update"
        ) { call, robot in
            let body = call.body
            let changed = try await call.change { writing, now in
                var record = try writing.current(robot)
                try call.requireMatch(etag(record))
                let before = json(record, call)
                if let text = body["description"]?.string { record.description = text }
                if let flag = body["disabled"]?.bool { record.disabled = flag }
                record.updated = later(now, than: record.updated)
                record = try writing.put(record)
                return (record, [call.event(record.name, changes(from: before, to: json(record, call)))])
            }
            return call.answer(json(changed, call), etag: etag(changed))
        },
        APIRoute(
            .delete, "/robots/{name}", .robot(changing: true).withPassword, "Delete a robot with keys and memberships",
            status: 204,
            failures: [.preconditionFailed], action: "robot.delete"
        ) { call, robot in
            try await call.change { writing, _ in
                let record = try writing.current(robot)
                try call.requireMatch(etag(record))
                try writing.deleteRobot(record.id)
                return ((), [call.event(record.name)])
            }
            return APICall.noContent
        },
    ]

    private static func create(_ call: APICall) async throws -> HTTPResponse {
        let body = call.body
        let name = body["name"]?.string ?? ""
        let project = try body["project"]?.string.map { try call.caller.project($0, .manage) }
        guard project != nil || call.caller.mayAdminister else {
            throw Denial.forbidden("only administrators may create robots that belong to no project")
        }
        let robot = try await call.change { writing, now in
            let owner = try project.map { try writing.current($0) }
            let robot = try writing.put(
                RobotRecord(
                    name: name, description: body["description"]?.string ?? "", disabled: body["disabled"]?.bool ?? false,
                    project: owner?.id, created: now, updated: now))
            return (robot, [call.event(name, ["project": JSONValue(owner?.name), "disabled": .bool(robot.disabled)])])
        }
        return call.answer(json(robot, call), etag: etag(robot), location: "/api/v1/robots/\(name)")
    }

    private static func etag(_ robot: RobotRecord) -> String { entityTag(robot.id, robot.updated) }

    private static func json(_ robot: RobotRecord, _ call: APICall) -> JSONValue {
        [
            "name": .string(robot.name), "username": .string(PrincipalName.robot(robot.name).text),
            "description": .string(robot.description), "disabled": .bool(robot.disabled),
            "project": JSONValue(call.caller.projectName(of: robot)),
            "created_at": .string(robot.created.rfc3339), "updated_at": .string(robot.updated.rfc3339),
        ]
    }
}
