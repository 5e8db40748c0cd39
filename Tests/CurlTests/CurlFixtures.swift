import SaveCurl
import SaveHTTP
import SavePlatform
import SaveTestKit
import Testing

/// A client that may reach this machine, with deadlines that no test waits for: those that are about deadlines set their own.
func localClient(_ change: (inout CurlClient.Configuration) -> Void = { _ in }) throws -> CurlClient {
    var configuration = CurlClient.Configuration()
    configuration.version = "1.2"
    configuration.outboundAllow = ["127.0.0.0/8"]
    configuration.proxy = ""
    configuration.connectTimeout = .seconds(120)
    configuration.headerTimeout = .seconds(120)
    configuration.stallTimeout = .seconds(120)
    change(&configuration)
    return try CurlClient(configuration)
}

func get(_ url: String, maxSize: Int64 = 1 << 20, decodes: Bool = false, waitsForReader: Bool? = nil, prefix: Int64? = nil)
    -> ClientRequest
{
    ClientRequest(url: url, decodes: decodes, waitsForReader: waitsForReader, maxSize: maxSize, prefix: prefix)
}

/// Waits for something that another thread brings about.
func eventually(_ what: Comment, _ condition: () -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(120)
    while !condition() {
        try #require(ContinuousClock.now < end, what)
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// The code of the error that `body` throws.
func code(_ body: () async throws -> Void) async -> SaveError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? SaveError)?.code
    }
}
