internal import Foundation
import SaveHTTP
import SavePlatform

/// A browser in front of a server in memory: it keeps cookies, and sends forms as they stand on pages.
final class Visitor {
    let world: AccessWorld
    private(set) var cookies: [String: String] = [:]
    /// Attributes of the cookies that were set, by name.
    private(set) var attributes: [String: String] = [:]
    /// What a reverse proxy takes off each address.
    let prefix: String

    init(_ world: AccessWorld, prefix: String = "") {
        self.world = world
        self.prefix = prefix
    }

    /// The cookies of a browser, to be stolen.
    func take(_ cookies: [String: String]) { self.cookies = cookies }

    func get(_ path: String, _ headers: [(String, String)] = []) async throws -> APIAnswer {
        try await send("GET", path, headers: headers)
    }

    func send(
        _ method: String, _ path: String, _ body: String? = nil, type: String? = nil, headers: [(String, String)] = []
    ) async throws -> APIAnswer {
        var headers = headers
        if !cookies.isEmpty {
            headers.append(("Cookie", cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")))
        }
        let response = await world.send(method, path, as: .anonymous, body.map { Array($0.utf8) }, type: type, headers: headers)
        for field in response.headers.values(of: "set-cookie") { keep(field) }
        return try await APIAnswer(response)
    }

    private func keep(_ field: String) {
        let parts = field.split(separator: ";", maxSplits: 1).map(String.init)
        let pair = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        attributes[pair[0]] = parts[1]
        cookies[pair[0]] = pair[1].isEmpty || parts[1].contains("Max-Age=0") ? nil : pair[1]
    }

    /// Sends a form.
    ///
    /// - Parameter token: nil for the one on the page at `page`.
    func post(
        _ path: String, _ fields: [(String, String)], from page: String = "/ui/account", token: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> APIAnswer {
        let known = if let token { token } else { try await hidden("form_token", on: page) }
        let all = [("form_token", known)] + fields
        let body = all.map { "\(ASCII.percentEncoded($0.0))=\(ASCII.percentEncoded($0.1))" }.joined(separator: "&")
        return try await send("POST", path, body, type: "application/x-www-form-urlencoded", headers: headers)
    }

    /// The value of a hidden field of the first form that has it.
    func hidden(_ name: String, on page: String) async throws -> String {
        let text = try await get(page).text
        guard let start = text.range(of: "name=\"\(name)\" value=\"")?.upperBound else { return "" }
        return String(text[start...].prefix { $0 != "\"" })
    }

    @discardableResult
    func signIn(_ name: String, password: String = "password", returningTo target: String = "") async throws -> APIAnswer {
        try await post(
            "/ui/login", [("username", name), ("password", password), ("return", target)], from: "/ui/login")
    }
}
