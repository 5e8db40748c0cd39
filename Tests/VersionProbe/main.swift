import FormatCargo
import FormatGo
import FormatMaven
import FormatNpm
import FormatPyPI
import SaveDigest
import SavePlatform

// Says what the formats make of versions and ranges, for `Tests/EndToEnd/test_version_oracles.py`, which asks the ecosystems' own libraries
// the same. In: lines of a format's ecosystem, a range and a version, with tabs between. Out: a line for each, the version's key
// in hexadecimal digits, or `-`, and `in`, `out` or `refused`.
let formats: [String: any PackageVersioning] = [
    PyPIFormat.ecosystem: try PyPIFormat(settings: [:]), NpmFormat.ecosystem: try NpmFormat(settings: [:]),
    MavenFormat.ecosystem: try MavenFormat(settings: [:]), CargoFormat.ecosystem: try CargoFormat(settings: [:]),
    GoFormat.ecosystem: try GoFormat(settings: [:]),
]
while let line = readLine() {
    let fields = line.utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map { String(Substring($0)) }
    guard fields.count == 3, let format = formats[fields[0]] else {
        print("- refused")
        continue
    }
    let key = format.sortKey(of: fields[2]).map { Hex.encode($0) } ?? "-"
    let verdict = (try? format.range(fields[1], contains: fields[2])).map { $0 ? "in" : "out" } ?? "refused"
    print(key, verdict)
}
