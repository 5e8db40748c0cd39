import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// Asks one question after the other, and begins with a new world after each change.
struct AccessRun {
    var world: AccessWorld
    /// What there is; nil after a read, which may have filled a cache.
    private var known: [String]?
    /// What was answered, without what always differs, by target and asker.
    private var answers: [String: [Asker: String]] = [:]

    init() async throws {
        world = try await AccessWorld()
    }

    /// Sends a request and compares the answer with the table.
    mutating func ask(
        _ method: String, _ path: String, _ asker: Asker, _ target: String, _ body: String?, _ profile: AccessProfile, ok: Int,
        isRecorded: Bool = true
    ) async throws {
        let what: Comment = "\(method) \(path) as \(asker)"
        let isRead = method == "GET" || method == "HEAD"
        let before = isRead ? [] : try await stateBefore()
        let sequence = try await world.lastSequence()
        let content = Self.content(method, path, body)
        let response = await world.send(method, path, as: asker, content.body, type: content.type)
        let text = try await response.comparable()
        answers[target, default: [:]][asker] = text
        let refusal = profile.refusal(target, asker)
        #expect(response.status == refusal ?? ok, "\(what): \(text)")
        response.expectSafe(what)
        guard !isRead else {
            known = nil
            return
        }

        let after = try await world.state()
        let records = try await world.audit(after: sequence)
        if response.status >= 400 {
            #expect(after.elementsEqual(before), "\(what) was refused, and changed something")
            // A caller that has not signed in was asked to, not refused.
            let isTold = response.status != 401 && (isRecorded || !path.hasPrefix("/api/"))
            #expect(records.count == (isTold ? 1 : 0), "\(what) left the records \(records)")
            #expect(records.allSatisfy { $0.outcome != .ok }, what)
            #expect(records.allSatisfy { $0.actor == asker.account }, what)
            if refusal == 403, isTold { #expect(records.first?.outcome == .denied, what) }
        } else {
            #expect(records.contains { $0.outcome == .ok && $0.actor == asker.account } == isRecorded, what)
        }
        guard after != before else { return }
        world = try await AccessWorld()
        known = nil
    }

    private mutating func stateBefore() async throws -> [String] {
        if let known { return known }
        let state = try await world.state()
        known = state
        return state
    }

    /// A private thing and a missing one look the same, byte for byte, to everybody who may not see the private one.
    mutating func compareHidden(_ what: String, _ profile: AccessProfile) {
        defer { answers = [:] }
        for (hidden, missing) in [("private", "missing"), ("another", "missing")] where answers[hidden] != nil {
            for asker in Asker.allCases {
                guard let status = profile.refusal(hidden, asker), status == profile.refusal(missing, asker) else { continue }
                guard status != 403 else { continue }
                #expect(answers[hidden]?[asker] == answers[missing]?[asker], "\(what) as \(asker)")
            }
        }
    }

    /// What a change sends: the row's JSON, a form with a wheel, or a file.
    private static func content(_ method: String, _ path: String, _ body: String?) -> (type: String?, body: [UInt8]?) {
        if let body { return ("application/json", Array(body.utf8)) }
        switch method {
        case "POST" where path.hasSuffix("/uploads/"): return (nil, nil)
        case "POST" where path.hasPrefix("/npm/"): return ("application/json", Array("{}".utf8))
        case "POST" where !path.hasPrefix("/api/"):
            let form = AccessWorld.form(AccessWorld.newWheel, name: "demo")
            return (form.type, form.body)
        case "PUT" where path.hasPrefix("/npm/"):
            return ("application/json", path.hasSuffix("/next") ? Array("\"1.0.0\"".utf8) : AccessWorld.publish("1.1.0"))
        case "PUT" where path.hasPrefix("/go/"): return ("application/zip", AccessWorld.goZip("demo", "v1.1.0"))
        case "PUT" where path.contains("/manifests/"): return (AccessWorld.manifestType, AccessWorld.image("v2"))
        case "PUT" where path.hasPrefix("/cargo/"): return (nil, AccessWorld.crate("1.1.0"))
        case "PUT" where !path.hasPrefix("/api/"):
            return ("application/octet-stream", path.hasSuffix(".whl") ? AccessWorld.newWheel.bytes : Array("new".utf8))
        default: return (nil, nil)
        }
    }
}

extension HTTPResponse {
    /// Status, headers and body, without the request's id and the names that were asked for.
    func comparable() async throws -> String {
        let bytes: [UInt8] =
            switch body {
            case .empty, .file: []
            case .bytes(let bytes): bytes
            case .stream(let stream): try await stream.collect(limit: 1 << 24)
            }
        var text = String(decoding: bytes, as: UTF8.self)
        if let start = text.firstRange(of: "\"request_id\":\"")?.upperBound, let end = text[start...].firstIndex(of: "\"") {
            text.removeSubrange(start..<end)
        }
        // A challenge may say where to sign in, by the names that were asked for.
        let fields = headers.all.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
            .replacing("/closed/", with: "/asked/").replacing("/absent/", with: "/asked/")
        return "\(status)\n\(fields)\n\n\(text)"
    }

    /// What every answer says to browsers and caches (F12, F13).
    func expectSafe(_ what: Comment) {
        #expect(headers["X-Content-Type-Options"] == "nosniff", what)
        #expect(headers.all.allSatisfy { !$0.name.lowercased().hasPrefix("access-control-") }, what)
        let type = headers["Content-Type"] ?? ""
        if type.hasPrefix("text/html") {
            #expect(headers["Content-Security-Policy"]?.contains("frame-ancestors 'none'") == true, what)
        }
    }
}
