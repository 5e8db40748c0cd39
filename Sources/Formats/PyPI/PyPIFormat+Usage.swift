public import SavePlatform

extension PyPIFormat: UsageDescribing {
    public func usage(of url: String, takesUploads: Bool) -> [UsageExample] {
        pip("\(url)simple/") + uv("\(url)simple/") + poetry("\(url)simple/") + (takesUploads ? publishing(to: url) : [])
    }

    private func pip(_ index: String) -> [UsageExample] {
        let signedIn = index.replacing("://", with: "://USER:KEY@", maxReplacements: 1)
        return [
            UsageExample(
                "Let pip use it always", "[global]\nindex-url = \(signedIn)", client: "pip", file: "~/.config/pip/pip.conf"),
            UsageExample("Install with pip", "pip install --index-url \(index) PACKAGE", client: "pip"),
            UsageExample("Install a version with pip", "pip install --index-url \(index) PACKAGE==VERSION", client: "pip"),
            UsageExample("Then install", "pip install PACKAGE", client: "pip"),
        ]
    }

    private func uv(_ index: String) -> [UsageExample] {
        [
            UsageExample(
                "Let a project use it", "[[tool.uv.index]]\nname = \"save\"\nurl = \"\(index)\"\ndefault = true", client: "uv",
                file: "pyproject.toml"),
            UsageExample("Sign in", "export UV_INDEX_SAVE_USERNAME=USER UV_INDEX_SAVE_PASSWORD=KEY", client: "uv"),
            UsageExample("Install with uv", "uv pip install --index-url \(index) PACKAGE", client: "uv"),
            UsageExample("Install a version with uv", "uv pip install --index-url \(index) PACKAGE==VERSION", client: "uv"),
            UsageExample("Then add packages", "uv add PACKAGE", client: "uv"),
        ]
    }

    private func poetry(_ index: String) -> [UsageExample] {
        [
            UsageExample(
                "Let a project use it", "[[tool.poetry.source]]\nname = \"save\"\nurl = \"\(index)\"\npriority = \"primary\"",
                client: "poetry", file: "pyproject.toml"),
            UsageExample("Sign in", "poetry config http-basic.save USER KEY", client: "poetry"),
            UsageExample("Install with poetry", "poetry add PACKAGE", client: "poetry"),
            UsageExample("Install a version with poetry", "poetry add PACKAGE==VERSION", client: "poetry"),
        ]
    }

    private func publishing(to url: String) -> [UsageExample] {
        [
            UsageExample(
                "Name it once",
                "[distutils]\nindex-servers = save\n\n[save]\nrepository = \(url)\nusername = USER\npassword = KEY",
                client: "twine",
                file: "~/.pypirc"),
            UsageExample("Publish with twine", "twine upload --repository-url \(url) -u USER -p KEY dist/*", client: "twine"),
            UsageExample("Then publish", "twine upload -r save dist/*", client: "twine"),
            UsageExample("Publish with uv", "uv publish --publish-url \(url) -u USER -p KEY", client: "uv publish"),
        ]
    }
}
