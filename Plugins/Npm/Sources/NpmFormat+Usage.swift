public import SavePlatform

extension NpmFormat: UsageDescribing {
    public func usage(of url: String, takesUploads: Bool) -> [UsageExample] {
        // npm finds a token by the registry's URL without its scheme.
        let place = url.utf8.firstIndex(of: UInt8(ascii: "/")).map { String(Substring(url.utf8[$0...])) } ?? url
        let settings = "registry=\(url)\n\(place):_authToken=KEY"
        var examples = ["npm", "pnpm"].flatMap { client in
            [
                UsageExample("Let \(client) use it always", settings, client: client, file: "~/.npmrc"),
                UsageExample("Install with \(client)", "\(client) install PACKAGE", client: client),
                UsageExample("Install a version with \(client)", "\(client) install PACKAGE@VERSION", client: client),
            ]
        }
        if takesUploads {
            let publishing = UsageExample("Publish with npm", "npm publish --registry \(url)", client: "npm")
            examples.insert(publishing, at: 3)
        }
        return examples
    }
}
