import SaveHTTP
import SavePlatform
import Synchronization
import Testing

/// What is refused before anybody looks at what is asked for has the form that the clients of the path read.
@Suite struct GatewayRefusalTests {
    private static let crossSite = "cross-site request refused: use a client, or a page of this server"
    private static let gone = "nothing would be kept of this: mount the disk"

    /// A path, and what its clients get for a line.
    private static let forms: [(path: String, body: @Sendable (_ line: String, _ code: String) -> JSONValue)] = [
        ("/npm/open/npm-hosted/left-pad", { line, _ in ["error": .string(line)] }),
        ("/npm/closed/absent/left-pad", { line, _ in ["error": .string(line)] }),
        ("/c2/open/chunks/files/x", { line, code in ["errors": [["code": .string(code), "message": .string(line)]]] }),
        ("/chunks/open/chunks/files/x", { line, code in ["errors": [["code": .string(code), "message": .string(line)]]] }),
        ("/parcels/open/parcels/new", { line, _ in ["errors": [["detail": .string(line)]]] }),
    ]
    private static let plain = ["/pypi/open/pypi-hosted/", "/raw/open/raw-hosted/x", "/metrics", "/nothing/open/x/y"]

    @Test func `a change that a page of another site asks for`() async throws {
        let world = try await AccessWorld()
        try await check(world, 403, Self.crossSite, "DENIED", headers: [("Sec-Fetch-Site", "cross-site")])
    }

    @Test func `a change that would be kept nowhere`() async throws {
        let isGone = Mutex(false)
        let world = try await AccessWorld(checkWritable: {
            if isGone.withLock({ $0 }) { throw SaveError(.storageUnavailable, Self.gone) }
        })
        isGone.withLock { $0 = true }
        try await check(world, 503, Self.gone, "storage_unavailable", headers: [])
    }

    private func check(
        _ world: AccessWorld, _ status: Int, _ line: String, _ code: String, headers: [(String, String)]
    ) async throws {
        for method in ["PUT", "POST", "DELETE"] {
            for form in Self.forms {
                let answer = await world.send(method, form.path, as: .admin, [1], headers: headers)
                #expect(answer.status == status && answer.closesConnection, "\(method) \(form.path)")
                #expect(answer.headers["Content-Type"] == "application/json", "\(method) \(form.path)")
                #expect(try JSONValue(parsing: body(of: answer)) == form.body(line, code), "\(method) \(form.path)")
                #expect(answer.headers["npm-notice"] == (form.path.hasPrefix("/npm/") ? line : nil), "\(form.path)")
                #expect(answer.headers["X-Save-Reason"] == line)
            }
            for path in Self.plain {
                let answer = await world.send(method, path, as: .admin, [1], headers: headers)
                #expect(answer.status == status, "\(method) \(path)")
                #expect(body(of: answer) == Array((line + "\n").utf8), "\(method) \(path)")
            }
            let answer = await world.send(method, "/api/v1/repos", as: .admin, [1], headers: headers)
            let error = try JSONValue(parsing: body(of: answer)).object?["error"]?.object
            #expect(answer.status == status && error?["code"]?.string == (status == 403 ? "forbidden" : code))
        }
    }

    private func body(of answer: HTTPResponse) -> [UInt8] {
        if case .bytes(let bytes) = answer.body { bytes } else { [] }
    }
}
