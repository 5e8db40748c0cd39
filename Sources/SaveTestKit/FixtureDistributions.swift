/// A wheel, made in memory, that clients can install.
package struct FixtureWheel: Sendable {
    package let filename: String
    package let bytes: [UInt8]
    /// Exactly what its `METADATA` contains.
    package let metadata: [UInt8]

    /// - Parameters:
    ///   - extraHeaders: more lines of `METADATA`, such as `Requires-Dist: x`.
    ///   - padding: bytes of a data file, to make wheels of one version differ or large.
    package init(
        name: String, version: String, tag: String = "py3-none-any", requiresPython: String? = nil, extraHeaders: [String] = [],
        padding: [UInt8] = []
    ) {
        let stem = "\(FixtureMetadata.escaped(name))-\(FixtureMetadata.escaped(version))"
        let module = FixtureMetadata.escaped(name).lowercased()
        let text = FixtureMetadata.text(name: name, version: version, requiresPython: requiresPython, extraHeaders: extraHeaders)
        filename = "\(stem)-\(tag).whl"
        metadata = Array(text.utf8)
        var entries: [FixtureZip.Entry] = [FixtureZip.Entry("\(module)/__init__.py", "__version__ = '\(version)'\n")]
        if !padding.isEmpty { entries.append(FixtureZip.Entry("\(module)/data.bin", padding, isDeflated: false)) }
        entries.append(FixtureZip.Entry("\(stem).dist-info/METADATA", text))
        entries.append(
            FixtureZip.Entry(
                "\(stem).dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: fixture\nRoot-Is-Purelib: true\nTag: \(tag)\n"))
        // Hashes in RECORD are optional for installers; the names are not.
        let names = entries.map(\.name) + ["\(stem).dist-info/RECORD"]
        entries.append(FixtureZip.Entry("\(stem).dist-info/RECORD", names.map { "\($0),,\n" }.joined()))
        bytes = FixtureZip(entries).bytes
    }
}

/// A source archive, made in memory, that clients can read.
package struct FixtureSdist: Sendable {
    package let filename: String
    package let bytes: [UInt8]

    package init(
        name: String, version: String, requiresPython: String? = nil, metadataVersion: String = "2.1", extraHeaders: [String] = []
    ) {
        let stem = "\(FixtureMetadata.escaped(name).lowercased())-\(version)"
        filename = "\(stem).tar.gz"
        let text = FixtureMetadata.text(
            name: name, version: version, requiresPython: requiresPython, metadataVersion: metadataVersion,
            extraHeaders: extraHeaders)
        let project = """
            [project]
            name = "\(name)"
            version = "\(version)"

            """
        bytes =
            FixtureTar([
                FixtureTar.Entry("\(stem)/", [], kind: UInt8(ascii: "5")),
                FixtureTar.Entry("\(stem)/PKG-INFO", text),
                FixtureTar.Entry("\(stem)/pyproject.toml", project),
                FixtureTar.Entry("\(stem)/\(FixtureMetadata.escaped(name).lowercased()).py", "__version__ = '\(version)'\n"),
            ]).bytes
    }
}

/// The text of core metadata.
package enum FixtureMetadata {
    /// Dashes of names and versions would be read as separators.
    static func escaped(_ text: String) -> String { text.replacing("-", with: "_") }

    /// A `METADATA` or `PKG-INFO` file.
    package static func text(
        name: String, version: String, requiresPython: String? = nil, metadataVersion: String = "2.1", extraHeaders: [String] = []
    ) -> String {
        var lines = [
            "Metadata-Version: \(metadataVersion)", "Name: \(name)", "Version: \(version)", "Summary: A package made for a test",
        ]
        if let requiresPython { lines.append("Requires-Python: \(requiresPython)") }
        lines += extraHeaders
        return lines.joined(separator: "\n") + "\n\nA description.\n"
    }
}
