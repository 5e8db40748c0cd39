import SaveHTTP
import SavePlatform
import Testing

struct PublicAddressTests {
    @Test(arguments: [
        ("https://save.example.com", "https://save.example.com", ""),
        ("https://save.example.com/", "https://save.example.com", ""),
        ("http://10.0.0.1:8080", "http://10.0.0.1:8080", ""), ("https://[::1]:8443/", "https://[::1]:8443", ""),
        ("https://example.com/save", "https://example.com", "/save"),
        ("https://example.com/a/b-c.d/", "https://example.com", "/a/b-c.d"),
    ]) func `an address has an origin and a path without a final slash`(text: String, origin: String, path: String) throws {
        let address = try #require(PublicAddress(text))
        #expect(address.origin == origin && address.path == path && address.text == origin + path)
    }

    @Test(arguments: [
        "", "save.example.com", "ftp://save.example.com", "https://", "https:///save", "https://user@save.example.com",
        "https://save.example.com/a//b", "https://save.example.com//", "https://save.example.com/a/../b",
        "https://save.example.com/./", "https://save.example.com/?a=b", "https://save.example.com/#x",
        "https://save.example.com/a%2Fb",
        "https://save.example.com/ü", "https://save example.com", "https://save.example.com/a b", "https://save.example.com?x",
    ]) func `what could be read in two ways is no address`(text: String) {
        #expect(PublicAddress(text) == nil)
    }
}
