public import SavePlatform

/// The core metadata beside a file say what its release is (PEP 658).
extension PyPIFormat: ReleaseDescribing {
    public func isPrerelease(_ version: String) -> Bool { Version(version)?.isPrerelease ?? false }

    public func status(of package: JSONObject) -> (word: String, reason: String?)? {
        ProjectStatus(package).flatMap { $0.marker == .active ? nil : ($0.marker.rawValue, $0.reason) }
    }

    public func metadataPath(of file: AssetRecord) -> AssetPath? { try? PyPIPaths.sidecar(of: file.path) }

    public func summary(of file: AssetRecord, metadata: [UInt8]?) -> String? {
        metadata.flatMap { DescribedRelease($0).line("summary") }
    }

    public func readme(of file: AssetRecord, metadata: [UInt8]?, package: JSONObject) -> Document? {
        metadata.flatMap { DescribedRelease($0).readme }
    }

    public func facts(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, value: String)] {
        let provenance = [PyPIAttribute.hasProvenance, PyPIAttribute.provenance, PyPIAttribute.provenanceOrigin]
        let attested = provenance.contains { file.attributes[$0] != nil } ? [("Provenance", "attested by its publisher")] : []
        guard let metadata else {
            return (file.attributes[PyPIAttribute.requiresPython]?.string.map { [("Python", $0)] } ?? []) + attested
        }
        return DescribedRelease(metadata).facts(license: DeclaredLicense.expression(in: metadata)) + attested
    }

    public func dependencies(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, versions: String, group: String)] {
        metadata.map { DescribedRelease($0).dependencies } ?? []
    }
}

/// Core metadata, as people read them (core metadata specification).
struct DescribedRelease {
    private let headers: MetadataHeaders
    /// Lists are shown on a page.
    private static let maxEntries = 500

    init(_ metadata: [UInt8]) { headers = MetadataHeaders(metadata) }

    func line(_ field: String) -> String? { headers.values(field).first.map(MetadataHeaders.unfolded) }

    /// The description: the body, or in old files the field. Without a type it is reStructuredText ("Description-Content-Type").
    var readme: Document? {
        let body = headers.body.drop { $0 == 0x0A || $0 == 0x0D || $0 == 0x20 }
        let bytes = body.isEmpty ? headers.values("description").first.map { Array($0.utf8) } ?? [] : Array(body)
        guard !bytes.isEmpty, !UploadForm.isAbsent(String(decoding: bytes.prefix(16), as: UTF8.self)) else { return nil }
        return Document(type: MediaType(line("description-content-type") ?? "text/x-rst"), bytes: bytes)
    }

    func facts(license: String?) -> [(name: String, value: String)] {
        var facts: [(name: String, value: String)] = []
        func add(_ name: String, _ value: String?) { if let value { facts.append((name, value)) } }
        add("Python", line("requires-python"))
        // Prose is no name of a licence.
        add("Licence", license.map { String(decoding: $0.utf8.prefix { $0 != 0x0A }.prefix(100), as: UTF8.self) })
        add("Author", line("author") ?? line("author-email"))
        add("Maintainer", line("maintainer") ?? line("maintainer-email"))
        add("Homepage", line("home-page"))
        for entry in headers.values("project-url").prefix(20) {
            let text = MetadataHeaders.unfolded(entry).utf8
            guard let comma = text.firstIndex(of: UInt8(ascii: ",")) else { continue }
            let name = UploadForm.trimmed(String(Substring(text[..<comma])))
            add(name, UploadForm.trimmed(String(Substring(text[text.index(after: comma)...]))))
        }
        add("Keywords", line("keywords"))
        return facts
    }

    /// `Requires-Dist`: `name[extra] >=1; python_version < "3" and extra == 'socks'` (dependency-specifiers specification).
    var dependencies: [(name: String, versions: String, group: String)] {
        headers.values("requires-dist").prefix(Self.maxEntries).compactMap { value in
            let text = MetadataHeaders.unfolded(value)
            let name = text.utf8.prefix { ASCII.isAlphanumeric($0) || ProjectName.isSeparator($0) }
            guard !name.isEmpty else { return nil }
            let rest = UploadForm.trimmed(String(Substring(text.utf8[name.endIndex...])))
            return (String(Substring(name)), rest, Self.extra(in: rest).map { "extra \($0)" } ?? "")
        }
    }

    /// The name that is compared with `extra` in a marker.
    private static func extra(in marker: String) -> String? {
        var rest = Array(marker.utf8)[...]
        let word = Array("extra".utf8)
        while !rest.isEmpty, !rest.starts(with: word) { rest.removeFirst() }
        rest = rest.dropFirst(word.count).drop { $0 == 0x20 }
        guard rest.starts(with: "==".utf8) else { return nil }
        rest = rest.dropFirst(2).drop { $0 == 0x20 }
        guard let quote = rest.popFirst(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        return String(decoding: rest.prefix { $0 != quote }, as: UTF8.self)
    }
}
