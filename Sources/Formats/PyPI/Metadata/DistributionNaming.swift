internal import SaveArchive
internal import SavePlatform

/// What a distribution was called, as far as what is in it says so.
enum DistributionNaming {
    private static let maxBytes = 1 << 20

    /// The file name of a wheel or of a source archive; nil for anything else. Blocks: it reads the file.
    ///
    /// - Throws: `invalidRequest` naming `content`, where it looks like one of them and its name cannot be told.
    static func filename(of file: FileBytes) throws -> String? {
        let source = ArchiveSource(size: file.size) { try file.read(at: $0, count: $1) }
        do {
            switch Array(try file.read(at: 0, count: 4).prefix(2)) {
            case [0x50, 0x4B]: return try zipped(source)
            case [0x1F, 0x8B]: return try sourceArchive(source)
            default: return nil
            }
        } catch let error as ArchiveError {
            throw SaveError.invalid("content", "content: \(error.reason)")
        }
    }

    private static func zipped(_ source: ArchiveSource) throws -> String? {
        let archive = try ZipArchive(source, checking: .directory)
        let record = archive.entries.first { entry in
            let segments = segments(entry.name)
            return segments.count == 2 && segments[0].hasSuffix(".dist-info") && segments[1] == "WHEEL"
        }
        if let record {
            let stem = String(segments(record.name)[0].dropLast(".dist-info".count))
            return try wheel(stem, String(decoding: try archive.contents(of: record, limit: maxBytes), as: UTF8.self))
        }
        return top(of: archive.entries.map(\.name)).map { $0 + ".zip" }
    }

    /// binary-distribution-format specification: `{name}-{version}(-{build})?-{python}-{abi}-{platform}.whl`, where each of
    /// the three is a set between dots, and `Tag` in WHEEL is "the wheel's expanded compatibility tags".
    private static func wheel(_ stem: String, _ record: String) throws -> String {
        var sets: [[String]] = [[], [], []]
        var known: [Set<String>] = [[], [], []]
        var (tags, length) = (0, 0)
        var build = ""
        for line in record.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = String(line[line.index(after: colon)...].drop { $0 == " " }.prefix { $0 != " " && $0 != "\r" })
            switch line[..<colon].lowercased() {
            case "build": build = "-" + value
            case "tag":
                let parts = value.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 3 else { throw unnamed("WHEEL has the tag '\(value.prefix(60))'") }
                tags += 1
                for (place, part) in parts.enumerated() where known[place].insert(part).inserted {
                    sets[place].append(part)
                    length += part.utf8.count + 1
                }
                guard length <= RequestPath.maxSegmentBytes else {
                    throw unnamed("WHEEL has more tags than a name of \(RequestPath.maxSegmentBytes) bytes can have")
                }
            default: break
            }
        }
        guard tags > 0, sets.reduce(1, { $0 * $1.count }) == tags else {
            throw unnamed("the tags in WHEEL are not those of one file name")
        }
        return "\(stem)\(build)-\(sets.map { $0.joined(separator: ".") }.joined(separator: "-")).whl"
    }

    /// source-distribution-format specification: the file is `{name}-{version}.tar.gz`, its one directory `{name}-{version}`.
    private static func sourceArchive(_ source: ArchiveSource) throws -> String? {
        top(of: try TarGzip.read(source, limit: maxBytes) { _ in false }.map(\.entry.name)).map { $0 + ".tar.gz" }
    }

    /// The one directory at the top, where there are package metadata in it.
    private static func top(of names: [String]) -> String? {
        let paths = names.map(segments)
        guard let top = paths.first?.first, paths.allSatisfy({ $0.first == top }), paths.contains([top, "PKG-INFO"]) else {
            return nil
        }
        return top
    }

    private static func segments(_ name: String) -> [String] { name.split(separator: "/").map(String.init) }

    private static func unnamed(_ why: String) -> SaveError {
        SaveError.invalid("content", "content: the wheel's file name cannot be told: \(why)")
    }
}
