import SaveHTTP
import SavePlatform
import SaveTestKit
import Testing

/// What a browser may be made to do with the credentials it remembers, and what it is told.
@Suite struct BrowserTests {
    private static let foreign = [
        [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")], [("Sec-Fetch-Site", "")],
        [("Origin", "https://evil.test")], [("Origin", "null")], [("Origin", "")], [("Origin", "http://save.test.evil.test")],
        [("Origin", "http://save.test:81")], [("Sec-Fetch-Site", "cross-site"), ("Origin", "http://save.test")],
    ]
    private static let own = [
        [], [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://save.test")], [("Sec-Fetch-Site", "none")],
        [("Origin", "http://save.test")], [("Origin", "HTTPS://Save.Example.Com")],
    ]

    @Test func `F10 a page of another site changes nothing, on no path`() async throws {
        let world = try await AccessWorld()
        let before = try await world.state()
        let sequence = try await world.lastSequence()
        let form = AccessWorld.form(AccessWorld.newWheel, name: "demo")
        for headers in Self.foreign {
            for row in APIExpectations.rows where row.method != "GET" {
                let (path, body) = world.fill(row, row.profile.targets[0], .admin)
                let answer = try await world.change(row.method, path, as: .admin, body ?? "", headers: headers)
                #expect(answer.status == 403, "\(row.request) \(headers)")
                #expect(answer.code == "forbidden")
            }
            for (method, path) in [
                ("POST", "/pypi/open/pypi-hosted/"), ("PUT", "/raw/open/raw-hosted/x"),
                ("DELETE", "/raw/open/raw-hosted/a/b.txt"),
                ("POST", "/pypi/closed/absent/"), ("POST", "/metrics"),
            ] {
                let answer = await world.send(method, path, as: .admin, form.body, type: form.type, headers: headers)
                #expect(answer.status == 403, "\(method) \(path) \(headers)")
                #expect(answer.closesConnection)
            }
        }
        #expect(try await world.state() == before)
        #expect(try await world.audit(after: sequence).isEmpty)
    }

    @Test func `F10 a page of this server and every package manager may`() async throws {
        let world = try await AccessWorld()
        for (number, headers) in Self.own.enumerated() {
            let path = "/raw/open/raw-hosted/x\(number)"
            #expect(await world.send("PUT", path, as: .admin, [1], headers: headers).status == 201, "\(headers)")
            let answer = try await world.change(
                "PATCH", "/projects/open", as: .admin, #"{"description":"changed"}"#, headers: headers)
            #expect(answer.status == 200, "\(headers)")
        }
        // Links from other sites are followed as ever.
        for headers in Self.foreign {
            #expect(await world.send("GET", "/pypi/open/pypi-hosted/simple/", as: .admin, headers: headers).status == 200)
        }
    }

    @Test func `F12 no other origin is let in`() async throws {
        let world = try await AccessWorld()
        for origin in ["https://evil.test", "null", "http://save.test"] {
            for path in ["/api/v1/repos", "/pypi/open/pypi-hosted/simple/", "/raw/open/raw-hosted/a/b.txt", "/health", "/"] {
                for (method, asked) in [("OPTIONS", "PUT"), ("GET", "GET")] {
                    let answer = await world.send(
                        method, path, as: .admin,
                        headers: [
                            ("Origin", origin), ("Access-Control-Request-Method", asked),
                            ("Access-Control-Request-Headers", "authorization"),
                        ])
                    answer.expectSafe("\(method) \(path) from \(origin)")
                }
            }
        }
    }

    @Test func `F13 what is for one account only is kept by no cache`() async throws {
        let world = try await AccessWorld()
        for row in APIExpectations.rows where row.method == "GET" {
            let (path, _) = world.fill(row, row.profile.targets[0], .admin)
            let answer = await world.send("GET", "/api/v1" + path, as: .admin)
            #expect(answer.headers["Cache-Control"] == "no-store", "\(row.request)")
        }
        #expect(await world.send("GET", "/metrics", as: .admin).headers["Cache-Control"] == "no-store")
        for path in ["/pypi/closed/pypi-hosted/simple/", "/pypi/closed/pypi-hosted/packages/demo/\(AccessWorld.wheel.filename)"] {
            let caching = await world.send("GET", path, as: .viewer).headers["Cache-Control"]
            #expect(caching?.hasPrefix("private,") == true, "\(path)")
        }
    }

    @Test func `F13 pages of publishers' names neither run nor are framed`() async throws {
        let world = try await AccessWorld()
        for path in [
            "/pypi/open/pypi-hosted/simple/", "/pypi/open/pypi-hosted/simple/demo/", "/raw/open/raw-hosted/a/",
            "/raw/open/raw-hosted/a/b.txt",
        ] {
            let answer = await world.send("GET", path, as: .anonymous, headers: [("Accept", "text/html")])
            #expect(answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox", "\(path)")
            answer.expectSafe("\(path)")
        }
    }

    @Test func `G26 fields that speak for somebody else, or of another request, are not heard`() async throws {
        let world = try await AccessWorld()
        let before = try await world.state()
        for headers in [
            [("X-HTTP-Method-Override", "DELETE")], [("X-HTTP-Method", "DELETE")], [("X-Method-Override", "DELETE")],
            [("X-Original-URL", "/api/v1/admin/audit"), ("X-Rewrite-URL", "/api/v1/admin/audit")],
            [("X-Forwarded-User", "admin"), ("X-Remote-User", "admin"), ("Remote-User", "admin"), ("X-Auth-User", "admin")],
        ] {
            for (path, asker) in [
                ("/api/v1/repos/open/pypi-hosted", Asker.viewer), ("/api/v1/repos/closed/pypi-hosted", .nobody),
                ("/api/v1/admin/audit", .nobody), ("/pypi/closed/pypi-hosted/simple/", .anonymous),
                ("/raw/open/raw-hosted/a/b.txt", .admin),
            ] {
                for method in ["GET", "POST"] {
                    let plain = try await world.send(method, path, as: asker).comparable()
                    let dressed = try await world.send(method, path, as: asker, headers: headers).comparable()
                    #expect(plain == dressed, "\(method) \(path) \(headers)")
                }
            }
        }
        #expect(try await world.state() == before)
    }
}
