import Foundation
import SaveHTTP
import SaveMicrohttpd
import SavePlatform
import SaveTestKit
import Testing

extension MicrohttpdTests {
    @Suite struct TLSTests {
        @Test func `TLS is served from PEM files`() async throws {
            let files = try await Certificate()
            try await serving(
                { $0.tls = .init(certificate: files.certificate, key: files.key) },
                answer: { request in
                    let body = (try? await request.body.collect(limit: 10)) ?? []
                    return .text(200, "secure \(request.isSecure) \(body.count)")
                }
            ) { port, _ in
                let answer = try await openssl(
                    "s_client", "-quiet", "-verify_return_error", "-CAfile", files.certificate, "-connect",
                    "127.0.0.1:\(port)",
                    input: "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
                #expect(answer.output.contains("HTTP/1.1 200"))
                #expect(answer.output.contains("secure true 2"))
            }
        }

        @Test func `TLS files that are missing or no certificate are a configuration error`() async throws {
            var configuration = HTTPServerConfiguration()
            configuration.tls = .init(certificate: "/nonexistent", key: "/nonexistent")
            let missing = try HTTPServer(
                configuration: configuration, responder: Answering { _ in .text(200, "x") }, log: .silent())
            #expect(#expect(throws: SaveError.self) { _ = try missing.start() }?.code == .invalidConfiguration)
            configuration.tls = .init(certificate: "/etc/hostname", key: "/etc/hostname")
            let wrong = try HTTPServer(
                configuration: configuration, responder: Answering { _ in .text(200, "x") }, log: .silent())
            #expect(#expect(throws: SaveError.self) { _ = try wrong.start() }?.code == .invalidConfiguration)
        }

        @Test(arguments: ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PUT /x HTTP/1.0\r\nContent-Length: 9\r\n\r\n"])
        func `a request without TLS is told that the port speaks TLS`(text: String) async throws {
            let files = try await Certificate()
            try await serving({ $0.tls = .init(certificate: files.certificate, key: files.key) }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send(text)
                let plain = try await client.response()
                #expect(plain?.status == 400)
                #expect(plain?.reason == "this port speaks TLS: write https:// in the URL")
                #expect(plain?.text == "this port speaks TLS: write https:// in the URL\n")
                #expect(try await client.rest() == [])
            }
        }

        @Test(arguments: [
            ("AES128-SHA", false), ("AES256-GCM-SHA384", false), ("ECDHE-RSA-AES128-SHA", false),
            ("ECDHE-RSA-AES256-SHA384", false), ("DHE-RSA-AES256-SHA256", false), ("ECDHE-RSA-AES128-GCM-SHA256", true),
            ("ECDHE-RSA-CHACHA20-POLY1305", true),
        ])
        func `TLS 1.2 needs keys agreed on for the connection and authenticated encryption`(
            suite: String, isTaken: Bool
        ) async throws {
            let files = try await Certificate(algorithm: ["rsa:2048"])
            try await serving({ $0.tls = .init(certificate: files.certificate, key: files.key) }) { port, _ in
                let answer = try await openssl(
                    "s_client", "-quiet", "-tls1_2", "-cipher", suite + ":@SECLEVEL=0", "-connect", "127.0.0.1:\(port)",
                    input: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                #expect(answer.output.contains("HTTP/1.1 200") == isTaken, "\(answer.output)")
            }
        }

        @Test(arguments: [("-tls1_3", true), ("-tls1_2", true), ("-tls1_1", false), ("-tls1", false)])
        func `TLS 1.3 and 1.2 are spoken and nothing older`(version: String, isTaken: Bool) async throws {
            let files = try await Certificate(algorithm: ["rsa:2048"])
            try await serving({ $0.tls = .init(certificate: files.certificate, key: files.key) }) { port, _ in
                let answer = try await openssl(
                    "s_client", "-quiet", version, "-cipher", "ALL:@SECLEVEL=0", "-connect", "127.0.0.1:\(port)",
                    input: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                #expect(answer.output.contains("HTTP/1.1 200") == isTaken, "\(answer.output)")
            }
        }
    }
}

/// A certificate for `localhost` that signs itself, and its key, until the value is gone.
private final class Certificate: Sendable {
    private let folder: String
    var certificate: String { folder + "/certificate.pem" }
    var key: String { folder + "/key.pem" }

    /// - Parameter algorithm: the kind of key, as `openssl req -newkey` takes it.
    init(algorithm: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]) async throws {
        folder = NSTemporaryDirectory() + "save-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let made = try await openssl(
            ["req", "-x509", "-newkey"] + algorithm + [
                "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", folder + "/key.pem", "-out",
                folder + "/certificate.pem",
            ])
        #expect(made.status == 0)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}

private func openssl(_ arguments: String..., input: String = "") async throws -> (status: Int32, output: String) {
    try await openssl(arguments, input: input)
}

/// Runs the `openssl` command, away from the cooperative pool.
private func openssl(_ arguments: [String], input: String = "") async throws -> (status: Int32, output: String) {
    let pool = BlockingPool(name: "openssl", threads: 1)
    defer { pool.stop() }
    return try await pool.run {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let output = Pipe(), written = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = written
        try process.run()
        try written.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        if input.isEmpty { try written.fileHandleForWriting.close() }
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
    }
}
