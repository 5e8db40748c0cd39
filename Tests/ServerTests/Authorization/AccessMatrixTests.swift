import SaveAccess
import SaveHTTP
import SavePlatform
import SaveServer
import SaveServing
import SaveStorage
import SaveTestKit
import Testing

@testable import SaveAPI

/// Every route, asked by everybody, about what is public, private or missing (G13 to G21): the answer is that of a table
/// written by hand, a refusal changes nothing and leaves one record, and what may not be seen looks like what is not there.
@Suite struct AccessMatrixTests {
    // MARK: - Completeness

    @Test func `every route of the API has its row, and every row its route`() {
        let routes = RouteTable.complete.routes.map { "\($0.method.name) \($0.pattern.text)" }
        let rows = APIExpectations.rows.map(\.request)
        #expect(Set(routes).subtracting(rows).sorted() == [], "routes without a row in APIExpectations.swift")
        #expect(Set(rows).subtracting(routes).sorted() == [], "rows without a route")
        #expect(rows.count == Set(rows).count)
    }

    @Test func `every kind of route has rows, of every format that has it, and they mean what they say`() async throws {
        let world = try await AccessWorld()
        for format in world.formats.descriptors {
            let requests = DataPlaneExpectations.requests.filter { $0.format == format.id }
            var usual: Set<DataPlaneExpectations.Kind> = [.asset, .upload]
            if format.abilities.contains(.deletes) { usual.insert(.delete) }
            if format.abilities.contains(.indexes) { usual.insert(.index) }
            if format.abilities.contains(.uploadSessions) { usual.insert(.session) }
            #expect(Set(requests.map(\.kind)).isSuperset(of: usual), "rows of \(format.id)")
            let translator = try await world.formats.make(format.id, settings: [:])
            // What has an empty segment, the platform sends on before a format sees it.
            for request in requests where !request.path.hasPrefix("//") {
                let path = try RequestPath(
                    decoding: Array("/f/p/r\(request.path.prefix { $0 != "?" })".utf8)[...],
                    escapedSlashesSeparate: format.abilities.contains(.slashesInNames)
                ).dropping(3)
                let query = request.path.utf8.firstIndex(of: UInt8(ascii: "?")).map {
                    Array(request.path.utf8[$0...].dropFirst())[...]
                }
                let items = try QueryItems(decoding: query)
                let route = try await translator.ask {
                    try $0.route(FormatRequest(method: HTTPMethod(request.method), path: path, query: items))
                }
                #expect(DataPlaneExpectations.Kind(route) == request.kind, "\(format.id) \(request.method) \(request.path)")
            }
        }
        #expect(Set(DataPlaneExpectations.requests.map(\.kind)) == Set(DataPlaneExpectations.Kind.allCases))
        #expect(Set(DataPlaneExpectations.requests.map(\.format)) == Set(world.formats.descriptors.map(\.id)))
    }

    @Test func `every path of the server's own has its row`() async throws {
        let world = try await AccessWorld()
        let open = ["/", "/api", "/api/", "/health", "/health/live", "/health/ready"]
        let inspected = ["/metrics"]
        #expect(Set(world.gateway.paths.map(\.path)) == Set(open + inspected))
        for asker in Asker.allCases {
            for path in open {
                #expect(await world.send("GET", path, as: asker).status == 200, "\(path) as \(asker)")
            }
            for path in inspected {
                let expected = APIExpectations.inspectors.refusal("server", asker) ?? 200
                #expect(await world.send("GET", path, as: asker).status == expected, "\(path) as \(asker)")
            }
            for path in ["/health/none", "/metrics/", "/metrics/x", "/api/x", "/api/v2", "/_/oidc/audience"] {
                #expect(await world.send("GET", path, as: asker).status == 404, "\(path) as \(asker)")
            }
        }
    }

    private static let registryVersion = ("Docker-Distribution-API-Version", "registry/2.0")

    @Test func `the mount of a format greets who is signed in`() async throws {
        let world = try await AccessWorld()
        for asker in Asker.allCases {
            let expected = DataPlaneExpectations.named.refusal("public", asker) ?? 200
            for path in ["/c2", "/c2/", "/v2", "/v2/"] {
                let (field, value) = path.hasPrefix("/c") ? ("Chunks-Version", "chunks/7.0") : Self.registryVersion
                for method in ["GET", "HEAD"] {
                    let answer = await world.send(method, path, as: asker)
                    #expect(answer.status == expected, "\(method) \(path) as \(asker)")
                    answer.expectSafe("\(method) \(path) as \(asker)")
                    #expect(answer.headers["WWW-Authenticate"] == (expected == 401 ? ErrorResponder.challenge : nil))
                    #expect(answer.headers[field] == (expected == 200 ? value : nil))
                    #expect(answer.headers["Cache-Control"] == "no-store")
                }
            }
            for (method, status) in [("POST", 405), ("PUT", 405), ("DELETE", 405), ("OPTIONS", 204)] {
                let answer = await world.send(method, "/c2/", as: asker)
                #expect(answer.status == ([.expired, .disabled].contains(asker) ? 401 : status), "\(method) as \(asker)")
                if answer.status != 401 { #expect(answer.headers["Allow"] == "GET, HEAD, OPTIONS") }
            }
            for path in ["/c2x", "/c2/open", "/c2/open/", "/c2/c2/", "/c2//", "/v2x", "/v2/open", "/v2/oci/open", "/v2//"] {
                let status = await world.send("GET", path, as: asker).status
                #expect(
                    [.expired, .disabled].contains(asker) ? status == 401 : [404, 401].contains(status), "\(path) as \(asker)")
            }
        }
    }

    @Test func `what a mount gives to anyone takes no credentials, and lists nothing`() async throws {
        let world = try await AccessWorld()
        let documents = [
            ("/.well-known/notices", "{\"notices\":\"/.well-known/notices/\"}"),
            ("/.well-known/notices/", "{\"notices\":\"/.well-known/notices/\"}"),
            ("/.well-known/notices/terms.txt", "Be kind.\n"), ("/%2ewell-known/notices/terms.txt", "Be kind.\n"),
        ]
        for asker in Asker.allCases {
            let isRefused = [.expired, .disabled].contains(asker)
            for (path, text) in documents {
                for method in ["GET", "HEAD"] {
                    let answer = await world.send(method, path, as: asker)
                    #expect(answer.status == (isRefused ? 401 : 200), "\(method) \(path) as \(asker)")
                    answer.expectSafe("\(method) \(path) as \(asker)")
                    if !isRefused, method == "GET" { #expect(try await APIAnswer(answer).text == text) }
                }
                for (method, status) in [("POST", 405), ("PUT", 405), ("DELETE", 405), ("OPTIONS", 204)] {
                    let answer = await world.send(method, path, as: asker)
                    #expect(answer.status == (isRefused ? 401 : status), "\(method) \(path) as \(asker)")
                    if !isRefused { #expect(answer.headers["Allow"] == "GET, HEAD, OPTIONS") }
                }
            }
            for path in [
                "/.well-known", "/.well-known/", "/.well-known/noticesx", "/.well-known/notices/open",
                "/.well-known/notices/open/",
                "/.well-known/notices/terms.txt/", "/.well-known/notices//", "/.well-known/other/open/notices-hosted/about",
            ] {
                let status = await world.send("GET", path, as: asker).status
                #expect(isRefused ? status == 401 : [404, 401].contains(status), "\(path) as \(asker)")
            }
        }
    }

    @Test func `a format may own the path at which upload tools ask for a token, which is else not offered`() async throws {
        let world = try await AccessWorld(with: [TokenFormat.self])
        let answer = await world.send("GET", "/_/oidc/audience", as: .anonymous)
        #expect(answer.status == 200)
        #expect(try await APIAnswer(answer).text == "{\"audience\":\"save\"}")
        #expect(await world.send("POST", "/_/oidc/mint-token", as: .anonymous).status == 404)
        #expect(await world.send("GET", "/_/other", as: .anonymous).status == 404)
    }

    @Test func `a redirect below a mount stays there`() async throws {
        let world = try await AccessWorld()
        let base = "/.well-known/notices/open/notices-hosted"
        for (path, location) in [(base, "notices-hosted/./about"), (base + "//a/b.txt", base + "/a/b.txt")] {
            let answer = await world.send("GET", path, as: .viewer)
            #expect((answer.status, answer.headers["Location"]) == (301, location), "\(path)")
        }
    }

    @Test func `below a mount everybody gets what is below the id`() async throws {
        let world = try await AccessWorld()
        let reads = DataPlaneExpectations.requests.filter {
            $0.method == "GET" && world.formats.segments(of: $0.format).count == 2
        }
        #expect(Set(reads.map(\.format)) == ["chunks", "notices", "oci"])
        for request in reads {
            for project in ["open", "closed", "absent"] {
                for asker in Asker.allCases {
                    var answers: [String] = []
                    for segment in world.formats.segments(of: request.format) {
                        let path = "/\(segment)/\(project)/\(request.format)-hosted\(request.path)"
                        answers.append(try await world.send(request.method, path, as: asker).comparable())
                    }
                    #expect(answers.count == 2 && answers[0] == answers[1], "\(request.path) in \(project) as \(asker)")
                }
            }
        }
    }

    // MARK: - The matrix

    @Test func `the API answers everybody as the table says`() async throws {
        var run = try await AccessRun()
        for row in APIExpectations.rows {
            for target in row.profile.targets {
                for asker in Asker.allCases {
                    let filled = run.world.fill(row, target, asker)
                    try await run.ask(
                        row.method, "/api/v1" + filled.path, asker, target, filled.body, row.profile, ok: row.ok,
                        isRecorded: row.isRecorded)
                }
            }
            run.compareHidden(row.request, row.profile)
        }
    }

    @Test func `repositories answer everybody as the table says`() async throws {
        var run = try await AccessRun()
        for request in DataPlaneExpectations.requests {
            for kind in RepositoryKind.allCases {
                for target in request.profile.targets {
                    let project = ["public": "open", "private": "closed", "missing": "absent"][target] ?? ""
                    let segment = run.world.formats.segments(of: request.format).last ?? ""
                    let base = "/\(segment)/\(project)/\(request.format)-\(kind.rawValue)"
                    for asker in Asker.allCases {
                        try await run.ask(
                            request.method, base + request.path, asker, target, nil, request.profile,
                            ok: request.ok[kind] ?? 0, isRecorded: request.isRecorded)
                    }
                }
                run.compareHidden("\(request.method) \(request.path) on a \(kind)", request.profile)
            }
        }
    }
}

/// A format at a path for which the server has an answer of its own where no format has it.
private struct TokenFormat: RepositoryFormat {
    static let descriptor = FormatDescriptor(
        id: "tokens", displayName: "Tokens", abilities: [],
        mount: FormatMount(
            "_/oidc", documents: ["audience": Document(type: .json, bytes: Array("{\"audience\":\"save\"}".utf8))]))
    init(settings: JSONObject) throws {}
    func route(_ request: FormatRequest) throws -> Route { throw SaveError(.notFound, "nothing") }
}

extension FormatRegistry {
    /// Where the URLs of a format's repositories begin.
    fileprivate func segments(of id: String) -> [String] {
        let mount = descriptors.first { $0.id == id }?.mount
        return [id] + (mount.map { [$0.path] } ?? [])
    }
}

extension AccessWorld {
    /// The path and body of a row for one target and asker.
    func fill(_ row: AccessRow, _ target: String, _ asker: Asker) -> (path: String, body: String?) {
        let project = ["public": "open", "private": "closed", "missing": "absent", "server": "open"][target] ?? "open"
        let username = ["oneself": asker.account, "another": "subject", "missing": "absent"][target] ?? "subject"
        let records = ["policies": "policy", "waivers": "waiver", "refusals": "refusal"]
        let record = records.first { row.request.contains("/\($0.key)/") }?.value
        let owner = record.map { "\($0) of \(project)" } ?? (row.request.contains("/robots/") ? "sa$bot-\(project)" : username)
        let usual = [
            "name": "pypi-hosted", "principal": "viewer", "package": "demo", "version": "1.0",
            "filename": AccessWorld.wheel.filename, "username": username, "id": key(of: owner),
        ]
        func fill(_ text: String) -> String {
            var text = text
            for (name, value) in row.values.merging(usual, uniquingKeysWith: { own, _ in own }) {
                text = text.replacing("{\(name)}", with: value)
            }
            return text.replacing("{project}", with: project)
        }
        return (fill(row.path), row.body.map(fill))
    }
}
