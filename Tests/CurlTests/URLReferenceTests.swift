import SavePlatform
import Testing

@Suite struct URLReferenceTests {
    /// RFC 3986, 5.4, with http in place of the example's own scheme. Path, query and fragment as printed there.
    @Test(arguments: [
        ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"), ("//g", "http://g/"),
        ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q#s"), ("g#s", "http://a/b/c/g#s"),
        ("g?y#s", "http://a/b/c/g?y#s"), (";x", "http://a/b/c/;x"), ("g;x", "http://a/b/c/g;x"), ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"), ("./", "http://a/b/c/"), ("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g"),
        ("../..", "http://a/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"),
        ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"),
        ("g..", "http://a/b/c/g.."), ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"), ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("g#s/../x", "http://a/b/c/g#s/../x"),
    ])
    func `the examples of RFC 3986 resolve as printed`(reference: String, expected: String) {
        #expect(URLReference.resolve(reference, against: "http://a/b/c/d;p?q", keepingFragment: true) == expected)
    }

    @Test(arguments: [
        ("x.whl#sha256=aa", "https://h.test/files/x.whl"), ("HTTPS://Other.test:8443/x", "https://Other.test:8443/x"),
        (" ../a b.whl\n", "https://h.test/a%20b.whl"), ("%2e%2E/x", "https://h.test/x"), ("ü", "https://h.test/files/%C3%BC"),
        ("a%2Fb%20c", "https://h.test/files/a%2Fb%20c"), ("//[2001:db8::1]:80/x", "https://[2001:db8::1]:80/x"),
        ("https://h.test", "https://h.test/"), ("https://h.test?x", "https://h.test/?x"),
    ])
    func `links as pages write them become plain URLs without fragments`(reference: String, expected: String) {
        #expect(URLReference.resolve(reference, against: "https://h.test/files/page?x#y") == expected)
    }

    @Test(arguments: [
        "file:///etc/passwd", "FILE:/etc", "gopher://x/", "ftp://x/", "data:text/html,x", "javascript:x", "unix:/run/x",
        "mailto:a@b",
        "https:", "https:x", "https:/x", "https:///x", "http:\\\\x", "http://good\\@evil/", "//", "https://:80/", "https://h:0/",
        "https://h:65536/", "https://h:8x/", "https://a b/", "https://h%2ftest/", "x\u{0}y", "a\rb", "https://[::1/",
        "https://[x]/",
        "https://ü.test/", "c:x",
    ])
    func `what is not http or https, or names no host, resolves to nothing`(reference: String) {
        #expect(URLReference.resolve(reference, against: "https://h.test/") == nil)
    }

    @Test(arguments: ["", "/x", "h.test/x", "ftp://h/", "//h.test/"])
    func `a base that is not absolute resolves nothing`(base: String) {
        #expect(URLReference.resolve("x", against: base) == nil)
    }

    @Test(arguments: [
        ("http://H.test", "http", "h.test", UInt16(80)), ("https://h.test/x@y", "https", "h.test", 443),
        ("https://good@evil.test/", "https", "evil.test", 443), ("http://[::1]:8080/", "http", "::1", 8080),
        ("http://169.254.169.254#@good", "http", "169.254.169.254", 80), ("http://a@b@c:81?x", "http", "c", 81),
    ])
    func `an origin is the host behind the last at sign`(url: String, scheme: String, host: String, port: UInt16) {
        let origin = URLOrigin(of: url)
        #expect(origin?.scheme == scheme)
        #expect(origin?.host == host)
        #expect(origin?.port == port)
    }

    @Test(arguments: [
        "https://h.test/simple/x/", "https://h.test/simple/x", "https://h.test", "https://h.test/a/../b/./c?q#f",
        "https://h.test/a//b",
        "ftp://h.test/", "no base",
    ])
    func `links of one page mean what each means by itself`(base: String) {
        let references = [
            "https://h.test/f/x.whl", "https://h.test/f/y.whl#sha256=00", "https://h.test/f/../y.whl",
            "https://h.test/f/%2e%2e/y", "x.whl",
            "x.whl#sha256=00", "a/b.whl", "../../packages/x.whl", "./x", "a/./b", "a/%2E%2e/b", "%2e./a", "a//b", "/x",
            "//other.test/x", "?q",
            "x?q", "x?q=/../y", "#f", "", " x ", "a b", "a\\b", "a#b\\c", "a#b c", "x:y", "http:x", "https://other.test/x",
            "x/y:z", "é", "a\u{0}b",
        ]
        var links = PageLinks(base: base)
        for reference in references + references {
            #expect(links.resolve(reference) == URLReference.resolve(reference, against: base), "\(reference)")
        }
    }
}
