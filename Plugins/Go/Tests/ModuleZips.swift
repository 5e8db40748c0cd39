import SaveTestKit

@testable import FormatGo

/// The zip of a version, well-formed unless told otherwise.
func moduleZip(
    _ module: String, _ version: String, goMod: String? = nil, files: [(String, String)] = [("lib.go", "package lib\n")],
    more: [FixtureZip.Entry] = []
) -> [UInt8] {
    let prefix = "\(module)@\(version)/"
    let text = goMod ?? "module \(module)\n\ngo 1.19\n"
    let mod = text.isEmpty ? [] : [FixtureZip.Entry(prefix + "go.mod", text)]
    return FixtureZip(mod + files.map { FixtureZip.Entry(prefix + $0.0, $0.1) } + more).bytes
}
