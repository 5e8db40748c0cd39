public import SavePlatform
internal import SaveXML

/// The POM of a version says what it is and what it needs (Maven, "POM Reference").
extension MavenFormat: ReleaseDescribing {
    /// A version that comes before its numbers alone: `1.0-SNAPSHOT` and `1.0-rc1` before `1.0`.
    public func isPrerelease(_ version: String) -> Bool {
        let numbers = version.utf8.prefix { ASCII.isDigit($0) || $0 == UInt8(ascii: ".") }
        guard let key = sortKey(of: version), let release = sortKey(of: String(Substring(numbers))) else { return false }
        return key.lexicographicallyPrecedes(release)
    }

    public func status(of package: JSONObject) -> (word: String, reason: String?)? { nil }

    public func metadataPath(of file: AssetRecord) -> AssetPath? {
        guard let file = MavenPath(file.path) else { return nil }
        return try? AssetPath(
            "\(file.package.directory)/\(file.version)/\(file.package.artifact)-\(file.fileVersion).pom")
    }

    public func summary(of file: AssetRecord, metadata: [UInt8]?) -> String? {
        let pom = metadata.flatMap(DescribedProject.init)
        return (pom?.description ?? pom?.text("name")).map { text in
            let words = text.utf8.split { $0 <= 0x20 }.map { String(Substring($0)) }.joined(separator: " ")
            return words.utf8.count <= 300 ? words : String(decoding: words.utf8.prefix(300), as: UTF8.self) + "…"
        }
    }

    /// A POM has no more than a description.
    public func readme(of file: AssetRecord, metadata: [UInt8]?, package: JSONObject) -> Document? {
        metadata.flatMap(DescribedProject.init)?.description.map { Document(type: .text, bytes: Array($0.utf8)) }
    }

    public func facts(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, value: String)] {
        metadata.flatMap(DescribedProject.init)?.facts ?? []
    }

    public func dependencies(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, versions: String, group: String)] {
        metadata.flatMap(DescribedProject.init)?.dependencies ?? []
    }
}

/// A POM, as people read it. What a parent says, and properties but those of the project itself, stay as they are written.
private struct DescribedProject {
    private let project: XMLElement

    init?(_ pom: [UInt8]) {
        guard let project = XMLElement(parsing: pom), ASCII.isEqual(project.name, "project") else { return nil }
        self.project = project
    }

    func text(_ name: String) -> String? { project.text(of: name).map(filled) }

    /// Without the white space that XML is indented with.
    var description: String? {
        text("description").map { text in
            text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
                String(decoding: line.drop { $0 <= 0x20 }, as: UTF8.self)
            }.joined(separator: "\n")
        }
    }

    var facts: [(name: String, value: String)] {
        var facts: [(name: String, value: String)] = []
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { facts.append((name, value)) }
        }
        add("Name", text("name"))
        let licences = (project["licenses"]?.children ?? []).compactMap { $0.text(of: "name") ?? $0.text(of: "url") }
        add("Licence", licences.prefix(10).joined(separator: ", "))
        add("Organisation", project["organization"]?.text(of: "name"))
        add("Homepage", text("url"))
        add("Source", project["scm"]?.text(of: "url").map(filled))
        add("Issues", project["issueManagement"]?.text(of: "url").map(filled))
        add("Packaging", text("packaging"))
        if let parent = project["parent"] {
            let parts = ["groupId", "artifactId", "version"].compactMap { parent.text(of: $0) }
            add("Parent", parts.joined(separator: ":"))
        }
        return facts
    }

    var dependencies: [(name: String, versions: String, group: String)] {
        (project["dependencies"]?.children ?? []).prefix(500).compactMap { dependency in
            guard let group = dependency.text(of: "groupId"), let artifact = dependency.text(of: "artifactId") else { return nil }
            let scope = dependency.text(of: "scope").flatMap { ASCII.isEqual($0, "compile") ? nil : $0 }
            let optional = dependency.text(of: "optional").flatMap { ASCII.isEqual($0, "true") ? "optional" : nil }
            return (
                "\(filled(group)):\(filled(artifact))", dependency.text(of: "version").map(filled) ?? "as its parent says",
                [scope, optional].compactMap(\.self).joined(separator: ", ")
            )
        }
    }

    /// Of a text that names properties, and of what is put in for one. Bytes.
    private static let maxTextBytes = 64 << 10
    private static let maxValueBytes = 256

    /// With what the project says of itself in place of `${project.version}` and the like. What was put in is not looked at again: a
    /// project whose values name each other would grow without end.
    private func filled(_ text: String) -> String {
        guard text.utf8.firstRange(of: "${".utf8) != nil else { return text }
        let bytes = Array(text.utf8.prefix(Self.maxTextBytes))
        var (filled, rest) = ([UInt8](), bytes[...])
        while let start = rest.firstRange(of: "${".utf8), let end = rest[start.upperBound...].firstIndex(of: UInt8(ascii: "}")) {
            filled += rest[..<start.lowerBound]
            filled += value(of: rest[start.upperBound..<end]) ?? Array(rest[start.lowerBound...end])
            rest = rest[(end + 1)...]
        }
        return String(decoding: filled + rest, as: UTF8.self)
    }

    private func value(of property: ArraySlice<UInt8>) -> [UInt8]? {
        for name in ["groupId", "artifactId", "version"] {
            guard ["project.", "pom.", ""].contains(where: { property.elementsEqual("\($0)\(name)".utf8) }) else { continue }
            let value = project.text(of: name) ?? project["parent"]?.text(of: name)
            return value.flatMap { $0.utf8.count <= Self.maxValueBytes ? Array($0.utf8) : nil }
        }
        return nil
    }
}
