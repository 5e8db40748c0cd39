public import SavePlatform

extension CargoFormat: UsageDescribing {
    public func usage(of url: String, takesUploads: Bool) -> [UsageExample] {
        let file = "~/.cargo/config.toml"
        let named = """
            [registries]
            save = { index = "sparse+\(url)" }
            [registry]
            global-credential-providers = ["cargo:token"]
            """
        let replaced = """
            [source.crates-io]
            replace-with = "save"
            [source.save]
            registry = "sparse+\(url)"
            """
        var examples = [
            UsageExample("Name the registry", named, client: "cargo", file: file),
            UsageExample("Let all crates come from it", replaced, client: "cargo", file: file),
            // Cargo sends no name, only the key. It asks for it, so that it stands in no history of commands.
            UsageExample("Sign in", "cargo login --registry save", client: "cargo"),
            UsageExample("Add a crate", "cargo add --registry save PACKAGE", client: "cargo"),
            UsageExample("Add a version of a crate", "cargo add --registry save PACKAGE@=VERSION", client: "cargo"),
        ]
        if takesUploads { examples.append(UsageExample("Publish", "cargo publish --registry save", client: "cargo")) }
        return examples
    }
}
