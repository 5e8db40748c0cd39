internal import SavePlatform

/// What the name of a file says about it.
struct DistributionFilename: Equatable {
    enum Kind: String {
        case wheel = "bdist_wheel"
        case sdist
        /// Eggs and installers: served where an upstream has them, never uploaded.
        case legacy
        /// Wheels with a variant label, and what describes the labels (PEP 817, a draft): served where an upstream has them, never
        /// uploaded.
        case variant
    }

    let kind: Kind
    /// The package, normalized.
    let package: PackageID
    /// In PEP 440's normal form, or as it stands where it is older than that.
    let version: String
    /// The parsed version; nil for a version that PEP 440 does not know.
    let parsedVersion: Version?
    /// The same for two files that a client would take for one: names, versions and tags in their normal form.
    let identity: String

    /// Reads a file name.
    ///
    /// Source archives do not say where the name ends and the version begins, so the package is needed to tell; without
    /// one the last dash decides.
    init?(_ filename: String, of package: PackageID? = nil) {
        var versions = VersionMemo()
        self.init(filename, of: package, &versions)
    }

    /// Reads a file name among others: files of one version mostly come one after another, and it is read once.
    init?(_ filename: String, of package: PackageID?, _ versions: inout VersionMemo) {
        let bytes = Array(filename.utf8)
        guard bytes.count <= RequestPath.maxSegmentBytes, bytes.allSatisfy(Self.isAllowed) else { return nil }
        guard let (stem, ending) = Self.splitEnding(bytes) else { return nil }
        switch ending.kind {
        case .wheel: self.init(wheelStem: stem, package: package, &versions)
        case .sdist: self.init(sdistStem: stem, ending: ending.text, package: package, &versions)
        case .legacy: self.init(legacyStem: stem, ending: ending.text, package: package, &versions)
        case .variant: self.init(sdistStem: stem, kind: .variant, ending: ending.text, package: package, &versions)
        }
        // A wheel of a version that nobody can compare is one that nobody can install.
        if kind == .wheel || kind == .variant, parsedVersion == nil { return nil }
    }

    /// - Parameter tags: appends what distinguishes files of one version, in its normal form, with the dash before it.
    private init(
        kind: Kind, package: PackageID, version: ArraySlice<UInt8>, ending: String, _ versions: inout VersionMemo,
        tags: (inout [UInt8]) -> Void
    ) {
        let parsed = versions.version(version)
        self.kind = kind
        self.package = package
        self.parsedVersion = parsed
        self.version = parsed?.text ?? String(decoding: version, as: UTF8.self)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(RequestPath.maxSegmentBytes)
        bytes.append(contentsOf: package.name.utf8)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(contentsOf: (parsed?.canonical ?? self.version).utf8)
        tags(&bytes)
        bytes.append(contentsOf: ending.utf8)
        identity = String(decoding: bytes, as: UTF8.self)
    }

    /// Printable ASCII that no path, URL or page gives a meaning of its own.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        ASCII.isAlphanumeric(byte) || ProjectName.isSeparator(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "!")
            || byte == UInt8(ascii: "~")
    }

    /// The identities of files that cannot be published beside this one: a release has one source archive, since installers that
    /// find two differ in which one they take.
    var rivals: [String] {
        guard kind == .sdist, let own = Self.splitEnding(Array(identity.utf8)) else { return [] }
        let stem = String(decoding: own.0, as: UTF8.self)
        return Self.endings.filter { $0.kind == .sdist && $0.text != own.1.text }.map { stem + $0.text }
    }

    private static let endings: [(text: String, kind: Kind)] = [
        (".whl", .wheel), (".tar.gz", .sdist), (".zip", .sdist), (".tgz", .sdist), (".tar.bz2", .sdist), (".tar.xz", .sdist),
        (".tar.Z", .sdist), (".tbz", .sdist), (".egg", .legacy), (".exe", .legacy), (".msi", .legacy),
        ("-variants.json", .variant),
    ]

    /// Whether a name ends as those of distributions do, whatever stands before.
    static func hasKnownEnding(_ filename: String) -> Bool {
        let bytes = Array(filename.utf8)
        return splitEnding(bytes) != nil || foreign.contains { bytes.suffix($0.utf8.count).elementsEqual($0.utf8) }
    }

    /// Endings of files that indexes list or have listed, and that are not passed on.
    private static let foreign = [".rpm", ".deb", ".dmg", ".tar", ".metadata", ".asc", ".conda"]

    private static func splitEnding(_ bytes: [UInt8]) -> (ArraySlice<UInt8>, (text: String, kind: Kind))? {
        for ending in endings {
            let count = ending.text.utf8.count
            guard bytes.count > count, bytes.suffix(count).elementsEqual(ending.text.utf8) else { continue }
            return (bytes.dropLast(count), ending)
        }
        return nil
    }
}

// MARK: - Wheels

extension DistributionFilename {
    /// `name-version(-build)?-python-abi-platform(-label)?` (binary-distribution-format specification; the label: PEP 817).
    private init?(wheelStem stem: ArraySlice<UInt8>, package: PackageID?, _ versions: inout VersionMemo) {
        let parts = Self.parts(stem)
        guard (5...7).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }),
            let package = Self.package(stem[parts[0]], expecting: package)
        else { return nil }
        // Build tags begin with a digit, and tags of Pythons do not.
        let hasBuild = parts.count > 5 && ASCII.isDigit(stem[parts[2].lowerBound])
        let tags = parts.dropFirst(hasBuild ? 3 : 2)
        let label = tags.count == 4 ? tags.last : nil
        guard tags.count == 3 || label.map({ Self.isLabel(stem[$0]) }) == true else { return nil }
        self.init(
            kind: label == nil ? .wheel : .variant, package: package, version: stem[parts[1]], ending: ".whl", &versions
        ) { identity in
            if hasBuild { Self.append(lowercased: stem[parts[2]], to: &identity) }
            for part in tags.prefix(3) { Self.append(tags: stem[part], to: &identity) }
            if let label { Self.append(lowercased: stem[label], to: &identity) }
        }
    }

    /// PEP 817: 1 to 16 of small letters, digits, dots and underscores.
    private static func isLabel(_ text: ArraySlice<UInt8>) -> Bool {
        text.count <= 16 && text.allSatisfy { ASCII.isDigit($0) || (0x61...0x7A).contains($0) || $0 == 0x2E || $0 == 0x5F }
    }

    /// Where the parts of a wheel's name are, which dashes separate.
    private static func parts(_ stem: ArraySlice<UInt8>) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        parts.reserveCapacity(6)
        var start = stem.startIndex
        for place in stem.indices where stem[place] == UInt8(ascii: "-") {
            parts.append(start..<place)
            start = place + 1
        }
        parts.append(start..<stem.endIndex)
        return parts
    }

    /// The package that a name means; nil where another one is expected.
    private static func package(_ name: ArraySlice<UInt8>, expecting package: PackageID?) -> PackageID? {
        guard let package else { return ProjectName.normalized(name) }
        return ProjectName.isSpelling(name, of: package) ? package : nil
    }

    /// A dash, and a part of the name in small letters.
    private static func append(lowercased part: ArraySlice<UInt8>, to identity: inout [UInt8]) {
        identity.append(UInt8(ascii: "-"))
        for byte in part { identity.append(ASCII.lowercased(byte)) }
    }

    /// A set of tags is written in any order: `py2.py3` is `py3.py2`.
    private static func append(tags part: ArraySlice<UInt8>, to identity: inout [UInt8]) {
        append(lowercased: part, to: &identity)
        let start = identity.count - part.count
        guard part.contains(UInt8(ascii: ".")) else { return }
        let tags = Array(identity[start...]).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let sorted = tags.sorted { $0.lexicographicallyPrecedes($1) }
        identity.replaceSubrange(start..., with: Array(sorted.joined(separator: [UInt8(ascii: ".")])))
    }
}

// MARK: - Source archives and older kinds

extension DistributionFilename {
    private init?(
        sdistStem stem: ArraySlice<UInt8>, kind: Kind = .sdist, ending: String, package: PackageID?, _ versions: inout VersionMemo
    ) {
        guard let (name, rest) = Self.split(stem, package: package), Self.isVersion(rest, &versions) else { return nil }
        self.init(kind: kind, package: name, version: rest, ending: ending, &versions) { _ in }
    }

    /// `name-version-py2.7.egg`, `name-version.win32-py2.7.exe`, `name-version.win-amd64.msi`.
    private init?(legacyStem stem: ArraySlice<UInt8>, ending: String, package: PackageID?, _ versions: inout VersionMemo) {
        guard let package, let (name, rest) = Self.split(stem, package: package) else { return nil }
        let marks: [String] = ending == ".egg" ? ["-py"] : [".win32", ".win-", ".linux-", ".macosx-"]
        let end = marks.compactMap { Self.firstIndex(of: Array($0.utf8), in: rest) }.min() ?? rest.endIndex
        guard Self.isVersion(rest[..<end], &versions) else { return nil }
        self.init(kind: .legacy, package: name, version: rest[..<end], ending: ending, &versions) { identity in
            for byte in rest[end...] { identity.append(ASCII.lowercased(byte)) }
        }
    }

    private static func split(_ stem: ArraySlice<UInt8>, package: PackageID?) -> (PackageID, ArraySlice<UInt8>)? {
        let dashes = stem.indices.filter { stem[$0] == UInt8(ascii: "-") }
        guard let package else {
            guard let dash = dashes.last, let name = ProjectName.normalized(stem[..<dash]) else { return nil }
            return (name, stem[(dash + 1)...])
        }
        for dash in dashes where ProjectName.isSpelling(stem[..<dash], of: package) { return (package, stem[(dash + 1)...]) }
        return nil
    }

    /// PEP 440, or an older version that cannot be mistaken for the rest of a longer name.
    private static func isVersion(_ text: ArraySlice<UInt8>, _ versions: inout VersionMemo) -> Bool {
        if versions.version(text) != nil { return true }
        return (text.first.map(ASCII.isDigit) ?? false) && !text.contains(UInt8(ascii: "-"))
    }

    private static func firstIndex(of mark: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard text.count >= mark.count else { return nil }
        return (text.startIndex...(text.endIndex - mark.count)).first { text[$0..<$0 + mark.count].elementsEqual(mark) }
    }
}
