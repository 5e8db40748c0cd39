import SaveAccess
import SaveHTTP
import SavePlatform
import SaveTestKit
import Testing

/// Asks for everything in the table in every way, before and after a policy refuses it.
struct BypassRun {
    private struct Ask {
        let method: String
        let target: String
        var headers: [(String, String)] = []
        let row: RefusedURLs.Row
        /// As the table has it, and not another spelling.
        var isPlain = true

        var text: String { "\(method) \(target) \(headers.map { "\($0.0): \($0.1)" }.joined(separator: " "))" }
    }

    /// What was answered while nothing was refused.
    private struct Known {
        let ask: Ask
        let status: Int
        let location: String?
        let bytes: [UInt8]
    }

    /// How much is asked of a target. Behind a mount and behind `+at` it is the same code that tells requests apart, so the forms of a
    /// request are asked below one of them and the spellings of a path below the format's id alone.
    private enum Depth {
        case methods, forms, spellings
    }

    private let targets: [(target: String, row: RefusedURLs.Row, depth: Depth)]
    private var known: [Known] = []

    init(isHosted: Bool, formats: FormatRegistry) {
        var targets: [(String, RefusedURLs.Row, Depth)] = []
        for place in RefusedPlace.allCases where place.isHosted == isHosted {
            for row in RefusedURLs.rows where row.places.contains(place) {
                let mount = formats.descriptors.first { $0.id == row.format }?.mount
                for segment in [row.format] + (mount.map { [$0.path] } ?? []) {
                    for view in RefusedURLs.views(of: row, place) {
                        let depth: Depth = !view.isEmpty ? .methods : segment == row.format ? .spellings : .forms
                        targets.append((RefusedURLs.target(row, place, segment: segment, view: view), row, depth))
                    }
                }
            }
        }
        self.targets = targets
    }

    // MARK: - Before

    /// Asks for everything while nothing is refused, each twice, so that whatever is kept is kept.
    mutating func learn(_ world: RefusedWorld) async throws {
        for (target, row, depth) in targets {
            let plain = try await world.ask(row.kind == .lookup ? "POST" : "GET", target)
            let expected: ClosedRange<Int> = row.content == .redirect ? 301...302 : 200...200
            #expect(expected.contains(plain.status), "\(target) is \(plain.status): \(plain.text)")
            for ask in Self.asks(target, row, depth, plain.headers) {
                _ = try await world.ask(ask.method, ask.target, ask.headers)
                let answer = try await world.ask(ask.method, ask.target, ask.headers)
                known.append(
                    Known(ask: ask, status: answer.status, location: answer.headers["Location"], bytes: answer.bytes))
            }
        }
        // Other spellings of a path are the same to the server, or the table would show nothing by them.
        let same = known.filter { !$0.ask.isPlain && $0.ask.row.content == .file && $0.status == 200 }
        #expect(Set(same.map(\.ask.row.format)) == Set(targets.filter { $0.row.content == .file }.map(\.row.format)))
        #expect(known.contains { $0.status == 206 } && known.contains { $0.status == 304 } && known.contains { $0.status == 416 })
    }

    private static func asks(_ target: String, _ row: RefusedURLs.Row, _ depth: Depth, _ known: HTTPHeaders) -> [Ask] {
        var asks = ["GET", "HEAD", "POST", "OPTIONS", "get", "TRACE", "PATCH"].map { Ask(method: $0, target: target, row: row) }
        asks.append(Ask(method: "GET", target: target, headers: [("Range", "bytes=0-1")], row: row))
        if let etag = known["ETag"] {
            asks.append(Ask(method: "GET", target: target, headers: [("If-None-Match", etag)], row: row))
        }
        guard depth != .methods else { return asks }
        var headers: [[(String, String)]] = [
            [("Range", "bytes=-3")], [("Range", "bytes=1-")], [("Range", "bytes=99999999-")],
            [("Range", "bytes=0-0,2-3")], [("If-Unmodified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")], [("If-Match", "*")],
            [("Accept", "text/html")],
            [("Accept", "application/vnd.pypi.simple.v1+json")], [("Accept", "application/vnd.npm.install-v1+json")],
            [("Accept-Encoding", "gzip")], [("Cache-Control", "only-if-cached")], [("X-HTTP-Method-Override", "HEAD")],
        ]
        if let date = known["Last-Modified"] { headers.append([("If-Modified-Since", date)]) }
        if row.content == .file {
            headers += [[("If-None-Match", "*")], [("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")]]
        }
        if let etag = known["ETag"] {
            headers += [
                [("If-None-Match", "W/" + etag)], [("If-None-Match", "\"other\", " + etag)],
                [("If-Range", etag), ("Range", "bytes=0-1")], [("If-Match", etag)],
            ]
        }
        for method in ["GET", "HEAD"] {
            asks += headers.map { Ask(method: method, target: target, headers: $0, row: row) }
        }
        guard row.content == .file, depth == .spellings else { return asks }
        return asks + TargetSpellings.of(target).map { Ask(method: "GET", target: $0, row: row, isPlain: false) }
    }

    // MARK: - After

    enum Moment: String {
        /// Everything was asked for before the policy came.
        case askedBefore
        /// As well, and the upstream cannot be asked now.
        case upstreamAway
        /// Nothing was asked for before, and pages show nothing of the file.
        case neverAsked
    }

    func expectRefused(_ world: RefusedWorld, _ moment: Moment) async throws {
        var wrong: [String] = []
        for known in known where known.ask.isPlain || moment != .upstreamAway {
            let answer = try await world.ask(known.ask.method, known.ask.target, known.ask.headers)
            if try await isRight(answer, known, moment, world) { continue }
            wrong.append("\(known.ask.text): \(answer.status), and \(known.status) before the policy")
        }
        #expect(wrong.isEmpty, "\(wrong.count) answers, \(moment):\n\(wrong.prefix(40).joined(separator: "\n"))")
    }

    private func isRight(
        _ answer: APIAnswer, _ known: Known, _ moment: Moment, _ world: RefusedWorld
    ) async throws -> Bool {
        guard !Self.secrets.contains(answer.bytes) else { return false }
        switch known.ask.row.content {
        case .file:
            // Where a policy leaves nothing of a package, its newest version is none.
            return moment == .neverAsked && known.ask.row.kind == .index && answer.status == 404 || isRefused(answer, known)
        case .page:
            guard answer.status != 403 else { return false }
            if answer.status == (known.status == 304 ? 200 : known.status) { return true }
            let page = try await world.ask("GET", known.ask.target, known.ask.headers.filter { $0.0 == "Accept" })
            // 304 is for clients that have the very page.
            let isCurrent = answer.status == 304 && page.bytes == self.page(like: known.ask)
            return isCurrent || moment == .neverAsked && page.status == 404 || moment == .upstreamAway && page.status == 503
        case .redirect, .other:
            return answer.status == known.status && answer.headers["Location"] == known.location
        }
    }

    private func isRefused(_ answer: APIAnswer, _ known: Known) -> Bool {
        guard ["GET", "HEAD"].contains(known.ask.method) else { return answer.status == known.status }
        guard (200...299).contains(known.status) || [304, 412, 416].contains(known.status) else {
            // What leads elsewhere, or nowhere, does so as before.
            return (answer.status == known.status || answer.status == 403) && answer.headers["Location"] == known.location
        }
        let reason = answer.headers["X-Save-Reason"] ?? ""
        return answer.status == 403 && reason.hasPrefix("Blocked by Save: ")
            && reason.contains("policy \(RefusedWorld.policy)") && answer.headers["ETag"] == nil
            && answer.headers["Content-Range"] == nil
    }

    /// The page that was answered before, in the same type.
    private func page(like ask: Ask) -> [UInt8]? {
        let accepted = ask.headers.first { $0.0 == "Accept" }?.1
        return known.first { known in
            known.ask.target == ask.target && known.ask.method == "GET"
                && (accepted.map { known.ask.headers.map(\.1) == [$0] } ?? known.ask.headers.isEmpty)
        }?.bytes
    }

    /// Once the policy is gone, everything is as it was.
    func expectAllowed(_ world: RefusedWorld) async throws {
        for known in known where known.ask.isPlain && known.ask.method == "GET" && known.ask.headers.isEmpty {
            let answer = try await world.ask("GET", known.ask.target)
            #expect(answer.status == known.status, "\(known.ask.text) is \(answer.status)")
        }
    }

    private static let secrets: Set<[UInt8]> = Set(
        [
            RefusedFile.wheel.bytes, RefusedFile.wheel.metadata, RefusedFile.bytes, RefusedFile.provenance,
            RefusedFile.attestations, RefusedFile.goZip, RefusedFile.goMod, AccessWorld.crateFile("stolen-keys", "1.0.0"),
        ]
            + RefusedFile.npmNames.map(RefusedFile.tarball))
}
