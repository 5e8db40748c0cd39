import SaveHTTP
import SavePlatform
import Testing

@Suite struct AddressGuardTests {
    @Test(arguments: [
        ("127.1", "127.0.0.1"), ("2130706433", "127.0.0.1"), ("0x7f000001", "127.0.0.1"), ("0177.0.0.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"), ("127.0.0.1.", "127.0.0.1"), ("10.258", "10.0.1.2"), ("0", "0.0.0.0"),
        ("[::ffff:7f00:1]", "::ffff:127.0.0.1"), ("::ffff:a9fe:a9fe", "::ffff:169.254.169.254"), ("fe80::1%eth0", "fe80::1"),
        ("1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"), ("1::", "1:0:0:0:0:0:0:0"), ("64:ff9b::7f00:1", "64:ff9b::127.0.0.1"),
    ])
    func `other spellings of an address are the address`(spelling: String, plain: String) {
        #expect(IPAddress(host: spelling) != nil)
        #expect(IPAddress(host: spelling) == IPAddress(host: plain))
    }

    @Test(arguments: [
        "", ".", "h.test", "1.2.3.4.5", "256.1.1.1", "4294967296", "0x", "08", "1..2", "+1", "-1", "::1::", ":1", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "12345::", "::g", "::1.2.3.4.5", "1:2:3:4:5:6:7:8::", "1.2.3.4:5", "[]", "deadbeef",
    ])
    func `what is not an address is a name`(text: String) {
        #expect(IPAddress(host: text) == nil)
    }

    @Test(arguments: [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "0.1.2.3", "::", "::1", "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::1", "::127.0.0.1", "::ffff:0:127.0.0.1", "2002:7f00:1::", "2001::1",
        "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "169.254.169.254", "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16", "224.0.0.1", "255.255.255.255", "198.18.0.1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
        "ff02::1",
    ])
    func `addresses that are not public are refused however they are spelled`(text: String) throws {
        let address = try #require(IPAddress(host: text))
        let guardian = try AddressGuard()
        #expect(!guardian.allows(address, of: "h.test"))
        #expect(!guardian.allowsByName(text))
    }

    @Test(arguments: [
        "203.0.113.7", "172.15.0.1", "172.32.0.1", "100.63.0.1", "11.0.0.1", "2600::1", "2002:cb00:7107::", "64:ff9b::cb00:7107",
    ])
    func `public addresses are allowed`(text: String) throws {
        let address = try #require(IPAddress(host: text))
        #expect(try AddressGuard().allows(address, of: "h.test"))
    }

    @Test func `a listed name is allowed whatever it resolves to, and no other name`() throws {
        let guardian = try AddressGuard(allow: ["Index.corp.test"])
        let address = try #require(IPAddress(host: "10.1.2.3"))
        #expect(guardian.allows(address, of: "index.corp.test."))
        #expect(!guardian.allows(address, of: "x.index.corp.test"))
        #expect(!guardian.allows(address, of: "corp.test"))
    }

    @Test func `a listed range allows its addresses in every spelling, and no others`() throws {
        let guardian = try AddressGuard(allow: ["10.2.0.0/15", "fd12::/16", "192.168.7.7"])
        for text in ["10.1.255.255", "10.4.0.0", "fd13::1", "192.168.7.6", "127.0.0.1"] {
            #expect(!guardian.allows(try #require(IPAddress(host: text)), of: "h.test"), "\(text)")
        }
        for text in ["10.3.255.255", "::ffff:10.2.2.3", "fd12::1", "192.168.7.7"] {
            #expect(guardian.allows(try #require(IPAddress(host: text)), of: "h.test"), "\(text)")
        }
    }

    @Test func `behind a proxy the local machine's names are refused and other names go through`() throws {
        let guardian = try AddressGuard()
        #expect(!guardian.allowsByName("localhost."))
        #expect(!guardian.allowsByName("x.LOCALHOST"))
        #expect(guardian.allowsByName("index.example.com"))
        #expect(try AddressGuard(allow: ["localhost"]).allowsByName("localhost"))
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0.0/", "http://h.test", "h.test:80", "a b", "::/129", "h.test/8", "10.0.0.0/8/8"])
    func `an entry that is no host and no range stops the start with the key's name`(entry: String) {
        let error = #expect(throws: SaveError.self) { try AddressGuard(allow: [entry]) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("outbound_allow") == true)
    }
}
