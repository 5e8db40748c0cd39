public import SavePlatform

extension RawFormat: UsageDescribing {
    public func usage(of url: String, takesUploads: Bool) -> [UsageExample] {
        var examples = [UsageExample("Fetch a file with curl", "curl -fsSO \(url)PATH", client: "curl")]
        if takesUploads {
            examples.append(UsageExample("Send a file with curl", "curl -fsS -u USER:KEY -T FILE \(url)PATH", client: "curl"))
        }
        return examples
    }
}
