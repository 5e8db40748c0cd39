public import SavePlatform

extension PyPIFormat: UsageDescribing {
    public func usage(of url: String, takesUploads: Bool) -> [UsageExample] {
        var examples = [
            UsageExample("Install with pip", "pip install --index-url \(url)simple/ PACKAGE"),
            UsageExample("Install with uv", "uv pip install --index-url \(url)simple/ PACKAGE"),
        ]
        if takesUploads { examples.append(UsageExample("Publish with twine", "twine upload --repository-url \(url) dist/*")) }
        return examples
    }
}
