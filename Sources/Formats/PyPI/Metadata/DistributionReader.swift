internal import SaveArchive
internal import SavePlatform

/// Finds the metadata in a wheel or a source archive. Blocks: it reads the file.
enum DistributionReader {
    /// The bytes of a wheel's `METADATA`, or of a source archive's `PKG-INFO`, with their place in the archive.
    ///
    /// - Throws: `invalidRequest` naming `content` and the rule.
    static func metadata(
        in file: OpenFile, filename: String, _ distribution: DistributionFilename
    ) throws -> (bytes: [UInt8], path: String) {
        let source = ArchiveSource(size: file.size) { try file.read(at: $0, count: $1) }
        do {
            switch distribution.kind {
            case .wheel: return try wheel(source, distribution)
            case .sdist where filename.utf8.suffix(4).elementsEqual(".zip".utf8): return try zippedSource(source)
            case .sdist: return try sourceArchive(source)
            case .legacy: throw SaveError.invalid("content", "content: files of this kind are not taken")
            case .variant: throw UploadChecks.variant
            }
        } catch let error as ArchiveError {
            throw SaveError.invalid("content", "content: \(error.reason)")
        }
    }
}

// MARK: - Wheels

extension DistributionReader {
    /// binary-distribution-format specification: one `{name}-{version}.dist-info` at the top, with METADATA, WHEEL, RECORD.
    private static func wheel(_ source: ArchiveSource, _ wheel: DistributionFilename) throws -> (bytes: [UInt8], path: String) {
        let archive = try ZipArchive(source)
        for entry in archive.entries where entry.isSymbolicLink || !entry.hasPortableName {
            let rule = entry.isSymbolicLink ? "is a symbolic link, which wheels do not have" : "has a name that is not UTF-8"
            throw SaveError.invalid(
                "content", "content: '\(String(decoding: entry.name.utf8.prefix(200), as: UTF8.self))' \(rule)")
        }
        let folder = try folder(archive, wheel)
        guard let file = archive.entries.first(where: { $0.name == "\(folder)/WHEEL" }) else {
            throw SaveError.invalid("content", "content: the wheel has no \(folder)/WHEEL")
        }
        try WheelFile.check(try archive.contents(of: file, limit: WheelFile.maxBytes), path: file.name)
        try WheelRecord.check(archive, folder: folder)
        if let file = archive.entries.first(where: { $0.name == "\(folder)/entry_points.txt" }) {
            try EntryPointsFile.check(try archive.contents(of: file, limit: EntryPointsFile.maxBytes), path: file.name)
        }
        return try metadata(archive, folder)
    }

    /// The METADATA of a wheel that somebody else has taken, of which only parts may be at hand: the archive's directory and
    /// the one entry are read, and nothing else is checked.
    ///
    /// - Throws: `invalidRequest` naming `content` and the rule, and what `file` throws.
    static func wheelMetadata(in file: FileBytes, _ wheel: DistributionFilename) throws -> (bytes: [UInt8], path: String) {
        do {
            let archive = try ZipArchive(
                ArchiveSource(size: file.size) { try file.read(at: $0, count: $1) }, checking: .directory)
            return try metadata(archive, try folder(archive, wheel))
        } catch let error as ArchiveError {
            throw SaveError.invalid("content", "content: \(error.reason)")
        }
    }

    /// The wheel's `.dist-info` directory.
    private static func folder(_ archive: ZipArchive, _ wheel: DistributionFilename) throws -> String {
        var folders = Set<String>()
        for entry in archive.entries {
            let top = String(Substring(entry.name.utf8.prefix { $0 != UInt8(ascii: "/") }))
            if top.utf8.suffix(10).elementsEqual(".dist-info".utf8) { folders.insert(top) }
        }
        guard folders.count == 1, let folder = folders.first else {
            throw SaveError.invalid(
                "content", "content: a wheel has exactly one .dist-info directory; this one has \(folders.count)")
        }
        guard isFolder(folder, of: wheel) else {
            throw SaveError.invalid("content", "content: the directory \(folder) is not named after the wheel")
        }
        return folder
    }

    private static func metadata(_ archive: ZipArchive, _ folder: String) throws -> (bytes: [UInt8], path: String) {
        let path = "\(folder)/METADATA"
        guard let entry = archive.entries.first(where: { $0.name == path }) else {
            throw SaveError.invalid("content", "content: the wheel has no \(path)")
        }
        return (try archive.contents(of: entry, limit: CoreMetadataFile.maxBytes), path)
    }

    private static func isFolder(_ folder: String, of wheel: DistributionFilename) -> Bool {
        let stem = folder.utf8.dropLast(10)
        guard let dash = stem.firstIndex(of: UInt8(ascii: "-")),
            let version = Version(String(Substring(stem[stem.index(after: dash)...])))
        else { return false }
        return ProjectName.normalized(String(Substring(stem[..<dash]))) == wheel.package && version == wheel.parsedVersion
    }
}

// MARK: - Source archives

extension DistributionReader {
    /// source-distribution-format specification: one directory at the top, with PKG-INFO in it.
    private static func sourceArchive(_ source: ArchiveSource) throws -> (bytes: [UInt8], path: String) {
        try refuseZip(source)
        let entries = try TarGzip.read(source, limit: CoreMetadataFile.maxBytes) { isMetadata($0.name) }
        try requireOneTop(entries.map(\.entry.name))
        // The same name twice: the last one wins where it is unpacked, the first one where it is looked up.
        let found = entries.filter { isMetadata($0.entry.name) }
        guard found.count == 1, let file = found.first, let bytes = file.contents else {
            throw SaveError.invalid("content", "content: the archive must have exactly one PKG-INFO in its top directory")
        }
        return (bytes, file.entry.name)
    }

    private static func zippedSource(_ source: ArchiveSource) throws -> (bytes: [UInt8], path: String) {
        let archive = try ZipArchive(source)
        try requireOneTop(archive.entries.map(\.name))
        try archive.checkLinks()
        guard let entry = archive.entries.first(where: { isMetadata($0.name) }), !entry.isSymbolicLink else {
            throw SaveError.invalid("content", "content: the archive must have a PKG-INFO in its top directory")
        }
        return (try archive.contents(of: entry, limit: CoreMetadataFile.maxBytes), entry.name)
    }

    private static func isMetadata(_ name: String) -> Bool {
        let segments = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return segments.count == 2 && segments[1].elementsEqual("PKG-INFO".utf8)
    }

    private static func requireOneTop(_ names: [String]) throws {
        let tops = Set(names.map { String(Substring($0.utf8.prefix { $0 != UInt8(ascii: "/") })) })
        guard tops.count == 1 else {
            throw SaveError.invalid("content", "content: the archive must have one directory at its top; it has \(tops.count)")
        }
    }

    /// A file that is a tar archive from its front and a zip archive from its end is two packages to two readers.
    private static func refuseZip(_ source: ArchiveSource) throws {
        if (try? ZipTail.isPresent(source)) ?? true {
            throw SaveError.invalid("content", "content: the archive has a zip archive at its end")
        }
    }
}
