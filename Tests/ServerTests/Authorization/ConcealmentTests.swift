internal import Foundation
import SaveAccess
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// Ways around the front door: conditions, ranges, look-alikes, secrets in answers, keys that are too small.
@Suite struct ConcealmentTests {
    @Test func `G21 no condition, range or repeated upload tells of what may not be read`() async throws {
        let world = try await AccessWorld()
        let wheel = AccessWorld.wheel
        let tag = "\"\(Digest.hex(wheel.bytes))\""
        let file = "/packages/demo/\(wheel.filename)"
        for (headers, path) in [
            ([("If-None-Match", tag)], file), ([("If-None-Match", "*")], file), ([("If-None-Match", "*")], "/simple/demo/"),
            ([("Range", "bytes=0-0")], file), ([("If-Range", tag), ("Range", "bytes=0-0")], file),
            ([("If-Modified-Since", "Fri, 01 Jan 2038 00:00:00 GMT")], file), ([("Accept", "image/png")], "/simple/demo/"),
        ] {
            for method in ["GET", "HEAD", "OPTIONS", "PATCH", "TRACE"] {
                var answers: [String] = []
                for repository in ["closed/pypi-hosted", "closed/pypi-absent", "absent/pypi-hosted"] {
                    answers.append(
                        try await world.send(method, "/pypi/\(repository)\(path)", as: .nobody, headers: headers).comparable())
                }
                #expect(answers[0].hasPrefix("404"), "\(headers)")
                #expect(Set(answers).count == 1, "\(headers)")
            }
        }
        let form = AccessWorld.form(wheel, name: "demo")
        for (asker, expected) in [(Asker.nobody, 404), (.viewer, 403), (.developer, 200)] {
            let answer = await world.send("POST", "/pypi/closed/pypi-hosted/", as: asker, form.body, type: form.type)
            #expect(answer.status == expected, "the same bytes as \(asker)")
        }
        for asker in [Asker.nobody, .owner] {
            let answer = try await world.change(
                "PATCH", "/repos/elsewhere/pypi-hosted", as: asker, "{}", headers: [("If-Match", "\"1-1\"")])
            #expect(answer.status == 404)
        }
    }

    @Test(arguments: [
        "\u{430}dmin", "\u{FF41}dmin", "adm\u{131}n", "ad\u{200D}min", "\u{202E}nimda", "admin\u{301}", "adm\u{456}n",
        "admin\u{0}",
        "admin ", " admin", "admin.", "\u{212A}ate", "sa$admin", "admin:x",
    ]) func `names that look like others are taken for nobody and by nobody`(name: String) async throws {
        let world = try await AccessWorld()
        let kate = try await world.change("POST", "/users", as: .admin, #"{"username":"Kate","password":"long enough"}"#)
        #expect(kate.status == 201)
        let text = JSONValue.string(name).bytes
        let quoted = String(decoding: text, as: UTF8.self)
        for (path, body, field) in [
            ("/users", "{\"username\":\(quoted),\"password\":\"long enough\"}", "username"),
            ("/robots", "{\"name\":\(quoted)}", "name"), ("/projects", "{\"name\":\(quoted)}", "name"),
            ("/repos", "{\"project\":\"open\",\"name\":\(quoted),\"format\":\"raw\",\"repository_type\":\"hosted\"}", "name"),
        ] {
            let answer = try await world.change("POST", path, as: .admin, body)
            #expect(answer.status == 400 && answer.field == field, "\(path) \(quoted): \(answer.text)")
        }
        let encoded = ASCII.percentEncoded(name)
        for path in ["/users/\(encoded)", "/robots/\(encoded)", "/projects/\(encoded)", "/repos/open/\(encoded)"] {
            let status = await world.send("GET", "/api/v1" + path, as: .admin).status
            #expect(status == 404 || status == 400, "\(path)")
        }
        let basic = "Basic " + Data("\(name):long enough".utf8).base64EncodedString()
        #expect(await world.send("GET", "/api/v1/user", as: .anonymous, headers: [("Authorization", basic)]).status == 401)
    }

    @Test func `G14 no answer holds a secret`() async throws {
        let world = try await AccessWorld()
        let changed = try await world.change(
            "PATCH", "/repos/open/pypi-proxy", as: .admin, #"{"remote_username":"bot","remote_password":"canary-password"}"#)
        #expect(changed.status == 200)
        let secrets = try await world.store.read { reading in
            try reading.users().map(\.passwordHash) + reading.keys().map { Hex.encode($0.hash) }
                + reading.repositories().compactMap(\.proxy.sealedPassword) + ["canary-password"]
        }
        #expect(secrets.count > 10)
        for row in APIExpectations.rows where row.method == "GET" {
            for target in row.profile.targets {
                let (path, _) = world.fill(row, target, .admin)
                let text = try await world.send("GET", "/api/v1" + path, as: .admin).comparable()
                #expect(!secrets.contains { text.contains($0) }, "\(row.request)")
            }
        }
        let proxy = await world.send("GET", "/api/v1/repos/open/pypi-proxy", as: .admin)
        let text = try await proxy.comparable()
        #expect(text.contains("remote_username") && !secrets.contains { text.contains($0) })
    }

    @Test func `G16 a key for a part of the server sees nothing of the whole`() async throws {
        let world = try await AccessWorld()
        let part = try await world.addKey(
            of: .user("admin"), scopes: [KeyScope(resource: "open", permissions: Permission.allCases)])
        let reading = try await world.addKey(of: .user("admin"), scopes: [KeyScope(resource: nil, permissions: [.read])])
        try await world.catalogue.reload()
        for path in ["/metrics", "/api/v1/admin/audit", "/api/v1/admin/stats", "/api/v1/users"] {
            for (key, expected) in [(part, 403), (reading, 200)] {
                let answer = await world.send("GET", path, as: .anonymous, headers: [("Authorization", "Bearer \(key)")])
                #expect(answer.status == expected, "\(path)")
            }
        }
        #expect(
            await world.send("POST", "/api/v1/admin/gc", as: .anonymous, headers: [("Authorization", "Bearer \(reading)")]).status
                == 403)
    }

    @Test func `G22 formats are given no credentials`() throws {
        let request = FormatRequest(method: .get, path: try RequestPath(decoding: Array("/a".utf8)[...]))
        #expect(Mirror(reflecting: request).children.compactMap(\.label) == ["method", "path", "query", "contentType"])
        let upload = UploadRequest(plan: UploadPlan(), contentType: nil, body: .empty)
        #expect(Mirror(reflecting: upload).children.compactMap(\.label) == ["plan", "contentType", "body", "maxFileSize"])
    }

    @Test func `G25 nothing is for everybody unless somebody says so, and nobody signs in as anonymous`() async throws {
        let world = try await AccessWorld()
        let made = try await world.change(
            "POST", "/repos", as: .admin, #"{"project":"open","name":"x","format":"raw","repository_type":"hosted"}"#)
        #expect(made["anonymous_read"] == false)
        #expect(await world.send("GET", "/raw/open/x/", as: .anonymous).status == 401)
        for name in ["anonymous", "Anonymous", "system"] {
            let answer = try await world.change(
                "POST", "/users", as: .admin, "{\"username\":\"\(name)\",\"password\":\"long enough\"}")
            #expect(answer.field == "username", "\(name)")
        }
    }
}
