internal import SavePlatform

/// A path in the layout of Maven repositories: `com/acme/lib/1.0/lib-1.0-sources.jar`.
struct MavenPath {
    let package: MavenName
    /// As the folder has it: `1.0`, `1.1-SNAPSHOT`.
    let version: String
    let filename: String
    /// What stands in the file's name for the version: that of the folder, or of a snapshot also the time and number of its build.
    let fileVersion: String
    /// `sources` of `lib-1.0-sources.jar`.
    let classifier: String?
    /// `jar`, `tar.gz`, `jar.asc`.
    let fileExtension: String

    /// nil for a path that is not in the layout.
    init?(_ path: AssetPath) {
        let segments = path.text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        self.init(segments[...])
    }

    init?(_ segments: ArraySlice<String>) {
        guard segments.count >= 4, let filename = segments.last, let package = MavenName(segments.dropLast(2)) else { return nil }
        let version = segments[segments.endIndex - 2]
        guard Self.isVersion(version) else { return nil }
        let prefix = package.artifact + "-"
        guard filename.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = filename.utf8.dropFirst(prefix.utf8.count)
        guard let length = SnapshotBuild.length(ofVersionIn: rest, inFolder: version) else { return nil }
        var suffix = rest.dropFirst(length)
        var classifier: String?
        if suffix.first == UInt8(ascii: "-") {
            // A classifier ends where the extension begins; neither begins with a dot.
            let text = suffix.dropFirst().prefix { $0 != UInt8(ascii: ".") }
            guard !text.isEmpty else { return nil }
            classifier = String(Substring(text))
            suffix = suffix[text.endIndex...]
        }
        guard suffix.first == UInt8(ascii: "."), suffix.count > 1 else { return nil }
        self.package = package
        self.version = version
        self.filename = filename
        fileVersion = String(Substring(rest.prefix(length)))
        self.classifier = classifier
        fileExtension = String(Substring(suffix.dropFirst()))
    }

    /// `1.1-SNAPSHOT`: files of such a version come and go.
    var isSnapshot: Bool { Self.isSnapshot(version) }
    /// The file of a snapshot that has no time in its name gets other bytes with each build.
    var mayChange: Bool { isSnapshot && ASCII.isEqual(fileVersion, version) }

    var text: String { "\(package.directory)/\(version)/\(filename)" }

    /// The file that stands for a version in indexes.
    static func pom(of package: MavenName, _ version: String) throws -> AssetRecord {
        AssetRecord(
            path: try AssetPath("\(package.directory)/\(version)/\(package.artifact)-\(version).pom"), package: package.id,
            version: version, contentType: MavenContentType.of("pom"))
    }

    static func isSnapshot(_ version: String) -> Bool { version.utf8.suffix(9).elementsEqual("-SNAPSHOT".utf8) }

    /// Maven refuses characters in versions that file systems do not take; here are none either that URLs give a meaning.
    static func isVersion(_ text: String) -> Bool {
        let bytes = text.utf8
        return (1...200).contains(bytes.count) && bytes.first != UInt8(ascii: ".")
            && bytes.allSatisfy { ASCII.isAlphanumeric($0) || "-._+~!$^=".utf8.contains($0) }
    }
}

/// Times and numbers of builds in names of snapshot files: `1.1-20261127.191122-3`.
struct SnapshotBuild: Hashable {
    /// `20261127.191122`, in UTC.
    let timestamp: String
    let number: Int

    /// - Parameter version: what a file's name has for the version `1.1-SNAPSHOT`; nil where that is no build of it.
    init?(_ version: String, of base: String) {
        guard MavenPath.isSnapshot(base) else { return nil }
        let start = base.utf8.dropLast(8)
        guard version.utf8.starts(with: start) else { return nil }
        let build = Array(version.utf8.dropFirst(start.count))
        guard let dash = build.firstIndex(of: UInt8(ascii: "-")), dash == 15, Self.isTimestamp(build[..<dash]),
            let number = Self.number(build[(dash + 1)...])
        else { return nil }
        timestamp = String(decoding: build[..<dash], as: UTF8.self)
        self.number = number
    }

    init?(timestamp: String, number: Int) {
        guard Self.isTimestamp(Array(timestamp.utf8)[...]), number > 0 else { return nil }
        self.timestamp = timestamp
        self.number = number
    }

    /// `20261127191122`, as `lastUpdated` and `updated` have it.
    var updated: String { timestamp.replacing(".", with: "") }

    static func < (left: SnapshotBuild, right: SnapshotBuild) -> Bool {
        (left.timestamp, left.number) < (right.timestamp, right.number)
    }

    /// How many bytes at the start of a file's name, behind the artifact's, are the version; nil where they are another one.
    static func length(ofVersionIn name: Substring.UTF8View, inFolder version: String) -> Int? {
        func ends(_ count: Int) -> Bool {
            let next = name.dropFirst(count).first
            return next == UInt8(ascii: "-") || next == UInt8(ascii: ".")
        }
        let count = version.utf8.count
        if name.starts(with: version.utf8), ends(count) { return count }
        guard MavenPath.isSnapshot(version) else { return nil }
        let start = version.utf8.dropLast(8)
        guard name.starts(with: start) else { return nil }
        let build = Array(name.dropFirst(start.count))
        guard build.count > 16, build[15] == UInt8(ascii: "-"), isTimestamp(build[..<15]) else { return nil }
        let digits = build[16...].prefix(while: ASCII.isDigit)
        guard number(digits) != nil, ends(start.count + 16 + digits.count) else { return nil }
        return start.count + 16 + digits.count
    }

    /// Whether a text is a date and a time of day, `20261127.191122`.
    private static func isTimestamp(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.count == 15,
            text.enumerated().allSatisfy({ $0.offset == 8 ? $0.element == UInt8(ascii: ".") : ASCII.isDigit($0.element) })
        else { return false }
        let numbers = [4, 6, 9, 11, 13].map { start in
            text.dropFirst(start).prefix(2).reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }
        let limits = [1...12, 1...31, 0...23, 0...59, 0...59]
        return zip(limits, numbers).allSatisfy { $0.contains($1) }
    }

    /// A build's number: without zeros in front, so that a name and a number are one.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...9).contains(digits.count), digits.first != UInt8(ascii: "0"), digits.allSatisfy(ASCII.isDigit) else {
            return nil
        }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}
