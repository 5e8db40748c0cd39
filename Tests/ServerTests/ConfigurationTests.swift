import Foundation
import SavePlatform
import SaveServer
import Testing

@Suite struct ConfigurationTests {
    private func read(_ environment: [String: String] = [:], flags: ConfigurationReader.Flags = []) throws -> ServerConfiguration
    {
        try ConfigurationReader.read(file: nil, environment: environment, flags: flags)
    }

    private func read(file text: String, environment: [String: String] = [:]) throws -> ServerConfiguration {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("save-\(UUID().uuidString).conf").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try ConfigurationReader.read(file: path, environment: environment, flags: [])
    }

    private func complaint(_ body: () throws -> ServerConfiguration) -> SaveError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? SaveError
        }
    }

    @Test func `every default in the table is the default of the configuration`() throws {
        var configuration = ServerConfiguration()
        for setting in Setting.all where !setting.standard.isEmpty { try setting.apply(setting.standard, to: &configuration) }
        #expect(configuration == ServerConfiguration())
    }

    @Test func `every key stands in the documentation with its default and meaning`() throws {
        let document = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../docs/configuration.md")
        let text = try String(contentsOf: document, encoding: .utf8)
        for setting in Setting.all {
            let standard = setting.standard.isEmpty ? "none" : "`\(setting.standard)`"
            #expect(text.contains("| `\(setting.key)` | \(standard) | \(setting.meaning) |"), "\(setting.key)")
        }
    }

    @Test func `sources of advisories are told apart by the whole URL, and one with two credentials is refused`() throws {
        func sources(_ text: String) throws -> Int {
            try read(["SAVE_ADVISORY_SOURCES": text]).advisorySources.count
        }
        #expect(try sources("https://m/osv.zip?e=PyPI, https://m/osv.zip?e=npm, https://m/osv.zip?e=npm") == 2)
        #expect(try sources("https://a:b@m/osv.zip, https://a:b@m/osv.zip") == 1)
        let error = complaint {
            try read(["SAVE_ADVISORY_SOURCES": "https://m/x.zip, https://a:word@m/o.zip, https://b:word@m/o.zip"])
        }
        #expect(error?.message.contains("as numbers 2 and 3") == true && error?.message.contains("word") == false)
    }

    @Test func `a grace of less than a minute is refused, and the least one is named`() throws {
        for text in ["0", "1", "59", "-1"] {
            #expect(complaint { try read(["SAVE_GC_GRACE": text]) }?.details["key"] == "gc_grace", "\(text)")
        }
        #expect(complaint { try read(["SAVE_GC_GRACE": "0"]) }?.message.contains("at least 60 seconds") == true)
        #expect(try read(["SAVE_GC_GRACE": "60"]).gcGrace == 60)
    }

    @Test func `a flag beats a variable, a variable beats the file`() throws {
        #expect(try read(file: "data = one\nlisten = 0.0.0.0:1").data == "one")
        #expect(try read(file: "data = one", environment: ["SAVE_DATA": "two"]).data == "two")
        #expect(try read(["SAVE_DATA": "two"], flags: [(key: "data", value: "three")]).data == "three")
    }

    @Test func `a file has comments, quotes and spaces`() throws {
        let configuration = try read(file: "# a comment\n\n  outbound_allow = \"a.example, 10.0.0.0/8\"  \n page_cache_size=2m\n")
        #expect(configuration.outboundAllow == ["a.example", "10.0.0.0/8"])
        #expect(configuration.pageCacheSize == 2 << 20)
    }

    @Test func `an unknown key is named with the nearest known one`() {
        let error = complaint { try read(["SAVE_LISTN": "x"]) }
        #expect(error?.details["key"] == "listn")
        #expect(error?.message.contains("'listen'") == true)
        #expect(complaint { try read(file: "page_cachesize = 1") }?.message.contains("'page_cache_size'") == true)
    }

    @Test(arguments: [
        ("page_cache_size", "lots"), ("page_cache_size", "9999999999g"), ("page_cache_size", "-1"), ("idle_timeout", "1h"),
        ("max_connections", "0"), ("log_level", "loud"), ("log_format", "xml"), ("listen", "8080"), ("listen", "host:99999"),
        ("data", ""),
    ])
    func `a value that makes no sense is refused with its key`(key: String, value: String) {
        let error = complaint { try read(flags: [(key: key, value: value)]) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.details["key"] == key)
    }

    @Test func `a key that stands twice is refused`() {
        #expect(complaint { try read(file: "data = a\ndata = b") }?.message.contains("'data'") == true)
    }

    @Test func `a certificate needs its key`() {
        #expect(complaint { try read(["SAVE_TLS_CERTIFICATE": "/dev/null"]) }?.details["key"] == "tls_key")
    }
}
