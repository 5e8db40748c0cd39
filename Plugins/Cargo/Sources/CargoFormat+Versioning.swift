public import SavePlatform

extension CargoFormat: PackageVersioning {
    /// The name of the ecosystem in the OSV schema, which is that of the registry most crates come from.
    public static var ecosystem: String { "crates.io" }
    public static var purlType: String { "cargo" }

    public func sortKey(of version: String) -> [UInt8]? { CrateVersion(version)?.key }

    public func range(_ range: String, contains version: String) throws -> Bool {
        try VersionRequirement(range).contains(version)
    }
}

extension CargoFormat: UsageDescribing {
    public func usage(of url: String, takesUploads: Bool) -> [UsageExample] {
        let configuration = "[registries]\nsave = { index = \"sparse+\(url)\" }\n"
        let replacement = "[source.crates-io]\nreplace-with = \"save\"\n[source.save]\nregistry = \"sparse+\(url)\"\n"
        let credentials = "[registry]\nglobal-credential-providers = [\"cargo:token\"]\n"
        var examples = [
            UsageExample("In ~/.cargo/config.toml", configuration + credentials),
            UsageExample("Sign in", "cargo login --registry save"),
            UsageExample("Add a crate from here", "cargo add --registry save NAME"),
            UsageExample("In ~/.cargo/config.toml, for all crates to come from here", replacement),
        ]
        if takesUploads { examples.append(UsageExample("Publish", "cargo publish --registry save")) }
        return examples
    }
}
