public import SavePlatform

extension GoFormat: UsageDescribing {
    public func usage(of url: String, takesUploads: Bool) -> [UsageExample] {
        let proxy = url.utf8.last == UInt8(ascii: "/") ? String(Substring(url.utf8.dropLast())) : url
        var examples = [
            UsageExample("Let the go command use it always", "go env -w GOPROXY=\(proxy)", client: "go"),
            UsageExample("Sign in", "machine \(Self.host(of: url)) login USER password KEY", client: "go", file: "~/.netrc"),
            UsageExample(
                "Ask no public checksum database for modules of your own", "go env -w GONOSUMDB=corp.example.com", client: "go"),
            UsageExample("Add a module", "go get PACKAGE", client: "go"),
            UsageExample("Add a version of a module", "go get PACKAGE@VERSION", client: "go"),
        ]
        if takesUploads {
            examples.append(
                UsageExample("Publish", "curl -n --fail-with-body -T module.zip \(url)MODULE/@v/v1.2.3.zip", client: "curl"))
        }
        return examples
    }

    /// The name by which the go command looks into `.netrc`: without a port.
    private static func host(of url: String) -> String {
        let rest = url.utf8.firstRange(of: "://".utf8).map { url.utf8[$0.upperBound...] } ?? url.utf8[...]
        let host = rest.prefix { $0 != UInt8(ascii: "/") }
        guard host.first != UInt8(ascii: "[") else { return String(Substring(host.prefix { $0 != UInt8(ascii: "]") })) + "]" }
        return String(Substring(host.prefix { $0 != UInt8(ascii: ":") }))
    }
}
