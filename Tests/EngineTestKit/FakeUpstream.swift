package import SaveHTTP
package import SavePlatform
package import Synchronization

/// Other servers, in memory: answers by URL, and remembers what it was asked.
package final class FakeUpstream: HTTPClient {
    package struct Answer: Sendable {
        package var status = 200
        package var headers: HTTPHeaders = [:]
        package var chunks: [[UInt8]] = []
        /// The announced length; nil for the true one.
        package var length: Int64?
        /// Waited for before the last chunk.
        package var gate: Gate?
        package var failure: SaveError?
        /// Whether `Range` is understood.
        package var hasRanges = false
        /// What is sent for a part instead of its bytes.
        package var wrongPart: [UInt8]?
        /// Waited for before the answer begins.
        package var hold: Hold?

        package init(
            status: Int = 200, headers: HTTPHeaders = [:], chunks: [[UInt8]] = [], length: Int64? = nil, gate: Gate? = nil,
            failure: SaveError? = nil, hasRanges: Bool = false, wrongPart: [UInt8]? = nil, hold: Hold? = nil
        ) {
            (self.status, self.headers, self.chunks, self.length, self.gate) = (status, headers, chunks, length, gate)
            (self.failure, self.hasRanges, self.wrongPart, self.hold) = (failure, hasRanges, wrongPart, hold)
        }
    }

    private struct State {
        var answers: [String: Answer] = [:]
        var requests: [ClientRequest] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func answer(_ url: String, _ answer: Answer) { state.withLock { $0.answers[url] = answer } }
    package func answer(_ url: String, text: String, etag: String? = nil) {
        answer(url, Answer(headers: etag.map { ["ETag": $0] } ?? [:], chunks: [Array(text.utf8)]))
    }
    package func fail(_ url: String) { answer(url, Answer(failure: SaveError(.upstreamUnavailable, "down"))) }

    package func requests(of url: String) -> [ClientRequest] { state.withLock { $0.requests.filter { $0.url == url } } }
    package var requests: [ClientRequest] { state.withLock { $0.requests } }
    package var requestCount: Int { state.withLock { $0.requests.count } }

    package func send(_ request: ClientRequest) async throws -> ClientResponse {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answers[request.url] ?? Answer(status: 404)
        }
        if let hold = answer.hold {
            hold.reached.open()
            await hold.gate.wait()
        }
        if let failure = answer.failure { throw failure }
        if let etag = answer.headers["etag"], request.headers["if-none-match"] == etag {
            return ClientResponse(status: 304, headers: answer.headers, url: request.url, body: .empty)
        }
        let content = answer.chunks.flatMap(\.self)
        if request.method == .head {
            var headers = answer.headers
            headers.append("Content-Length", "\(content.count)")
            return ClientResponse(status: answer.status, headers: headers, url: request.url, body: .empty)
        }
        if answer.hasRanges, let range = request.headers["range"], case .part(let offset, let length) = Self.part(range, content)
        {
            let bytes = Array(content[Int(offset)..<Int(offset + length)])
            let field = "bytes \(offset)-\(offset + length - 1)/\(content.count)"
            return ClientResponse(
                status: 206, headers: ["Content-Range": field], url: request.url, body: ByteStream(answer.wrongPart ?? bytes))
        }
        let reader = Chunks(answer.chunks, gate: answer.gate)
        let length = answer.length ?? Int64(answer.chunks.reduce(0) { $0 + $1.count })
        return ClientResponse(
            status: answer.status, headers: answer.headers, url: request.url,
            body: ByteStream(length: length) { try await reader.next() })
    }
}

extension FakeUpstream {
    private static func part(_ range: String, _ content: [UInt8]) -> ByteRange {
        ByteRange.of(
            HTTPRequest(method: .get, target: [], headers: ["Range": range], body: .empty), size: Int64(content.count), etag: nil,
            lastModified: nil)
    }
}

/// Chunks handed out one by one; the last only once a gate is open.
private final class Chunks: Sendable {
    private let rest: Mutex<[[UInt8]]>
    private let gate: Gate?

    package init(_ chunks: [[UInt8]], gate: Gate?) {
        rest = Mutex(chunks)
        self.gate = gate
    }

    package func next() async throws -> [UInt8]? {
        if rest.withLock({ $0.count }) == 1 { await gate?.wait() }
        return rest.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}

/// Keeps a request waiting.
package final class Hold: Sendable {
    /// Opens when the request is there.
    package let reached = Gate()
    /// Opened to let it go on.
    package let gate = Gate()

    package init() {}
}
