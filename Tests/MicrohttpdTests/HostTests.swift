import SaveHTTP
import SaveMicrohttpd
import SavePlatform
import SaveTestKit
import Testing

extension MicrohttpdTests {
    @Suite struct HostTests {
        @Test(arguments: [
            "[::1", "u:p@evil", "a/b", "a b", String(repeating: "a", count: 10_240), "", "[::1]x", "[::1]]", "[zz]", "[1.2.3.4]",
            "[fe80::1%25eth0]", "a:99999", "a:-1", "a:b", "a:1:2", "a,b", "a%2Fb", "a\"b", "<b>", "a?b", "a#b", "a\\b", "\u{FC}",
            ":80",
        ])
        func `a Host field that is no host is refused`(host: String) async throws {
            try await serving { port, _ in
                let response = try await RawHTTP.ask(port: port, "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(response?.status == 400)
                #expect(response?.text.contains("Host") == true)
                let old = try await RawHTTP.ask(port: port, "GET / HTTP/1.0\r\nHost: \(host)\r\n\r\n")
                #expect(old?.status == 400)
            }
        }

        @Test(arguments: ["[::1]:80", "[2001:db8::1]", "a.b-c_d:8080", "127.0.0.1", "LOCALHOST:65535", "a.", "a:"])
        func `a host with or without a port is taken`(host: String) async throws {
            try await serving { port, _ in
                let response = try await RawHTTP.ask(port: port, "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(response?.status == 200)
            }
        }

        @Test(
            arguments: [
                ("http://a/x?y", "/x?y"), ("HTTP://A/x", "/x"), ("https://a", "/"), ("http://a?y", "/?y"), ("http://evil/x", nil),
                ("http://u:p@a/x", nil), ("http:///x", nil), ("http://a:0x5/x", nil), ("http://a\\@evil/x", nil),
            ] as [(String, String?)])
        func `a target that is a URL is the path on the host that the Host field names`(target: String, path: String?)
            async throws
        {
            let notes = Notes<String>()
            try await serving(answer: {
                notes.add(String(decoding: $0.target, as: UTF8.self))
                return .text(200, "ok")
            }) { port, _ in
                let response = try await RawHTTP.ask(port: port, "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(response?.status == (path == nil ? 400 : 200))
                #expect(notes.all == [path].compactMap { $0 })
            }
        }
    }
}
