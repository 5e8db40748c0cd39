import SaveHTTP
import SavePlatform
import Testing

struct TrustedProxiesTests {
    private let proxy = ClientAddress(bytes: [10, 0, 0, 5])
    private let stranger = ClientAddress(bytes: [203, 0, 113, 9])

    private func client(_ fields: [(String, String)], from peer: ClientAddress? = nil) throws -> String {
        try origin(fields, from: peer).client.description
    }

    private func origin(_ fields: [(String, String)], from peer: ClientAddress? = nil) throws -> TrustedProxies.Origin {
        let proxies = try #require(TrustedProxies(["10.0.0.0/24", "2001:db8:5::/64"]))
        var headers = HTTPHeaders()
        for (name, value) in fields { headers.append(name, value) }
        return proxies.origin(of: headers, from: peer ?? proxy, isSecure: false)
    }

    @Test func `G05 who is not listed is not believed`() throws {
        let fields = [
            ("X-Forwarded-For", "198.51.100.1"), ("Forwarded", "for=198.51.100.1;proto=https"), ("X-Forwarded-Proto", "https"),
        ]
        #expect(try origin(fields, from: stranger) == TrustedProxies.Origin(client: stranger, isSecure: false))
        let headers: HTTPHeaders = ["X-Forwarded-For": "198.51.100.1"]
        #expect(TrustedProxies().origin(of: headers, from: proxy, isSecure: true).client == proxy)
        #expect(TrustedProxies().origin(of: headers, from: .unknown, isSecure: true).client == .unknown)
    }

    @Test(arguments: [
        ("198.51.100.1", "198.51.100.1"),
        // What the client wrote itself stands to the left of what the proxy added.
        ("1.1.1.1, 198.51.100.1", "198.51.100.1"), ("garbage, 198.51.100.1", "198.51.100.1"), (",,198.51.100.1", "198.51.100.1"),
        ("10.0.0.9, 198.51.100.1, 10.0.0.7", "198.51.100.1"), ("198.51.100.1,10.0.0.7 ,\t10.0.0.8", "198.51.100.1"),
        ("10.0.0.9, 10.0.0.7", "10.0.0.9"), ("198.51.100.1:4711", "198.51.100.1"), ("::ffff:198.51.100.1", "198.51.100.1"),
        ("2001:db8::1", "2001:db8:0:0:0:0:0:1"), ("[2001:db8::1]:443", "2001:db8:0:0:0:0:0:1"),
        ("[2001:db8::1]", "2001:db8:0:0:0:0:0:1"),
        ("198.51.100.1, 2001:db8:5::9", "198.51.100.1"),
    ]) func `the last address that is no proxy's is the client`(value: String, client: String) throws {
        #expect(try self.client([("X-Forwarded-For", value)]) == client)
    }

    @Test(arguments: [
        "", " ", ",", "unknown", "198.51.100.1,", "198.51.100.1, unknown", "198.51.100.1, garbage, 10.0.0.7", "0306.0063.0144.1",
        "3325256705",
        "198.51.100", "198.51.100.01", "0xc6.51.100.1", "198.51.100.256", "198.51.100.1:", "198.51.100.1:x",
        "198.51.100.1:999999", "[198.51.100.1]",
        "[2001:db8::1", "2001:db8::1]:1", "[2001:db8::1]443", "2001:db8::1%eth0", "2001:db8:::1", "198.51.100.1 198.51.100.2",
        "198.51.100.1.",
        "\"198.51.100.1\"", "198.51.100.1;10.0.0.7", "é", "for=198.51.100.1",
    ]) func `what cannot be read on the way leaves the proxy as the client`(value: String) throws {
        #expect(try client([("X-Forwarded-For", value)]) == "10.0.0.5")
    }

    @Test func `several lines of the field are one list`() throws {
        #expect(try client([("X-Forwarded-For", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1, 10.0.0.7")]) == "198.51.100.1")
        #expect(try client([("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "")]) == "10.0.0.5")
    }

    @Test(arguments: [
        ("for=198.51.100.1", "198.51.100.1"), ("For=\"198.51.100.1:4711\"", "198.51.100.1"),
        ("for=\"[2001:db8::1]:4711\";by=10.0.0.5", "2001:db8:0:0:0:0:0:1"),
        ("by=10.0.0.5 ; for=198.51.100.1;proto=http", "198.51.100.1"),
        ("for=1.1.1.1, for=198.51.100.1, for=10.0.0.7", "198.51.100.1"), ("for=_hidden", "10.0.0.5"), ("for=unknown", "10.0.0.5"),
        ("for=198.51.100.1;for=198.51.100.2", "10.0.0.5"), ("by=198.51.100.1", "10.0.0.5"), ("for=\"198.51.100.1", "10.0.0.5"),
        ("for=198.51.100.1, secret=x", "10.0.0.5"), ("", "10.0.0.5"), ("for", "10.0.0.5"), ("=198.51.100.1", "10.0.0.5"),
    ]) func `Forwarded is read like the older field`(value: String, client: String) throws {
        #expect(try self.client([("Forwarded", value)]) == client)
    }

    @Test func `two fields that lead to different clients are both ignored`() throws {
        let agreed = [("X-Forwarded-For", "1.1.1.1, 198.51.100.1"), ("Forwarded", "for=198.51.100.1")]
        #expect(try client(agreed) == "198.51.100.1")
        #expect(try client([("X-Forwarded-For", "198.51.100.1"), ("Forwarded", "for=198.51.100.2")]) == "10.0.0.5")
        #expect(try client([("X-Forwarded-For", "198.51.100.1"), ("Forwarded", "for=unknown")]) == "10.0.0.5")
    }

    @Test(arguments: [
        ([("X-Forwarded-Proto", "https")], true), ([("X-Forwarded-Proto", "HTTPS")], true),
        ([("X-Forwarded-Proto", "https, http")], false),
        ([("X-Forwarded-Proto", "ftp")], false), ([("X-Forwarded-Proto", "")], false),
        ([("Forwarded", "for=198.51.100.1;proto=https")], true),
        ([("Forwarded", "for=198.51.100.1;proto=https"), ("X-Forwarded-Proto", "http")], false), ([], false),
    ]) func `the scheme is what the proxy says, where it says one thing`(fields: [(String, String)], isSecure: Bool) throws {
        #expect(try origin(fields).isSecure == isSecure)
    }

    @Test(arguments: ["10.0.0.0/33", "proxy.example.com", "10.0.0.0/", "/8", "10.0.0.0/8/8", "-1", "10.0.0.0 /8"])
    func `an entry that is no address and no block is refused`(entry: String) {
        #expect(TrustedProxies(["10.0.0.1", entry]) == nil)
    }

    @Test func `an IPv4 proxy is recognized on a socket of IPv6`() throws {
        let mapped = ClientAddress(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 5])
        #expect(try client([("X-Forwarded-For", "198.51.100.1")], from: mapped) == "198.51.100.1")
    }
}
