internal import SavePlatform
internal import SaveVersions

/// A version as files and lists have it: canonical (`golang.org/x/mod/module`, `CanonicalVersion`), such as `v1.2.3`, `v2.0.0+incompatible`
/// or the pseudo-version `v0.0.0-20260102030405-abcdefabcdef`.
struct ModuleVersion {
    let text: String
    private let version: SemanticVersion

    /// nil for what is no canonical version: `1.2.3`, `v1.2`, `v1.2.3+build`.
    init?(_ text: String) {
        guard text.utf8.first == UInt8(ascii: "v"), let version = SemanticVersion(go: text), version.numbers.count == 3 else {
            return nil
        }
        if let build = version.build, !build.elementsEqual("incompatible".utf8) { return nil }
        self.text = text
        self.version = version
        // Versions 0 and 1 are compatible with what has no version in its path.
        if isIncompatible, major == "v0" || major == "v1" { return nil }
    }

    /// nil for what is no canonical version as URLs spell it.
    init?(escaped text: String) {
        guard let text = CaseEscape.unescaped(text) else { return nil }
        self.init(text)
    }

    var escaped: String { CaseEscape.escaped(text) }
    var key: [UInt8] { version.key }
    /// `v2`.
    var major: String { "v" + String(decoding: version.numbers[0], as: UTF8.self) }
    var isRelease: Bool { version.prerelease == nil }
    /// A major version from 2 on whose module has no go.mod file, and so no major version in its path.
    var isIncompatible: Bool { version.build != nil }
    var isPseudo: Bool { stamp != nil }

    /// When the commit was made that a pseudo-version names; nil for other versions.
    var time: Timestamp? {
        guard let stamp else { return nil }
        let digits = Array(String(decoding: stamp, as: UTF8.self).utf8)
        let parts = [0..<4, 4..<6, 6..<8, 8..<10, 10..<12, 12..<14].map { String(decoding: digits[$0], as: UTF8.self) }
        return Timestamp(rfc3339: "\(parts[0])-\(parts[1])-\(parts[2])T\(parts[3]):\(parts[4]):\(parts[5])Z")
    }

    /// The fourteen digits of a pseudo-version's time (Go Modules Reference, "Pseudo-versions"). They stand behind `0.`, or alone where no
    /// version came before.
    private var stamp: ArraySlice<UInt8>? {
        guard let prerelease = version.prerelease, let dash = prerelease.lastIndex(of: UInt8(ascii: "-")) else { return nil }
        let revision = prerelease[(dash + 1)...]
        let stamp = prerelease[..<dash].suffix(14)
        guard !revision.isEmpty, revision.allSatisfy(ASCII.isAlphanumeric), stamp.count == 14, stamp.allSatisfy(ASCII.isDigit)
        else { return nil }
        let before = prerelease[..<stamp.startIndex]
        if before.isEmpty { return version.numbers[1...].allSatisfy { $0.elementsEqual("0".utf8) } ? stamp : nil }
        guard before.suffix(2).elementsEqual("0.".utf8) else { return nil }
        return before.count == 2 || before.dropLast(2).last == UInt8(ascii: ".") ? stamp : nil
    }
}
