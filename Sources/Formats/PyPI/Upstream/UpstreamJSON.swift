internal import SaveDigest
internal import SavePlatform

/// An upstream's page in JSON (PEP 691 and what followed), read with tolerance: what a field should not be, it is not.
///
/// Read without a tree of it in between: the root of a large index alone has over 40 MB.
enum UpstreamJSON {
    static func listing(_ document: UpstreamDocument, _ index: IndexKey) throws -> Listing {
        try read(JSONReader(document.bytes)) { reader in
            try index.package.map { try project(&reader, $0, base: document.url) } ?? root(&reader, isWhole: document.isWhole)
        }
    }

    /// The root index in a file.
    static func root(_ file: FileBytes, from start: Int64) throws -> Listing {
        try read(JSONReader(file, from: start)) { try root(&$0) }
    }

    private static func read(_ reader: consuming JSONReader, _ body: (inout JSONReader) throws -> Listing) throws -> Listing {
        var reader = reader
        do {
            guard try reader.kind() == .object else {
                throw SaveError(.upstreamInvalid, "the upstream's index is not a JSON object: check remote_url")
            }
            return try body(&reader)
        } catch let error as JSONError {
            throw SaveError(.upstreamInvalid, "the upstream's index is not JSON: \(error)")
        }
    }

    private static func project(_ reader: inout JSONReader, _ package: PackageID, base: String) throws -> Listing {
        var listing = UpstreamListing(package, base: base)
        var meta = Meta()
        var status: ProjectStatus?
        var hasFiles = false
        var isOfFiles = false
        var isBare = true
        try reader.object { key, reader throws(JSONError) in
            switch key {
            case "files" where try reader.kind() == .array:
                hasFiles = true
                try reader.array { reader throws(JSONError) in
                    isBare = false
                    guard let file = try file(&reader) else { return }
                    isOfFiles = isOfFiles || isDistribution(file)
                    listing.add(file)
                }
            case "meta": meta = try Self.meta(&reader)
            case "project-status": status = try Self.status(&reader)
            default: try reader.skip()
            }
        }
        try check(meta.version)
        guard hasFiles else { throw SaveError(.upstreamInvalid, "the upstream's index has no list of files: check remote_url") }
        // A list of something else is no list of files, and must not say that there are none.
        guard isBare || isOfFiles else {
            throw SaveError(
                .upstreamInvalid, "the upstream's index lists things that are no files of a package: check remote_url")
        }
        try reader.end()
        var read = listing.listing(status)
        read.serial = meta.serial
        return read
    }

    /// What a root index has, as far as it was read.
    private struct Root {
        var packages = UpstreamPackages()
        var meta = Meta()
        var hasProjects = false
        var isBare = true
    }

    /// - Parameter isWhole: false for the beginning of a list, of which the packages are read that are in it.
    private static func root(_ reader: inout JSONReader, isWhole: Bool = true) throws -> Listing {
        var root = Root()
        if isWhole {
            try members(of: &root, &reader)
        } else {
            // What was cut off is not missed.
            try? members(of: &root, &reader)
        }
        try check(root.meta.version)
        guard root.hasProjects else {
            throw SaveError(.upstreamInvalid, "the upstream's index has no list of projects: check remote_url")
        }
        // Held once: a large list is sorted in place.
        let packages = root.packages
        root.packages = UpstreamPackages()
        let listing = packages.listing(serial: root.meta.serial)
        // A list of something else is no list of packages, and must not say that there are none.
        guard root.isBare || !listing.packages.isEmpty else {
            throw SaveError(.upstreamInvalid, "the upstream's index lists things that are no packages: check remote_url")
        }
        return listing
    }

    private static func members(of root: inout Root, _ reader: inout JSONReader) throws(JSONError) {
        try reader.object { key, reader throws(JSONError) in
            switch key {
            case "projects" where try reader.kind() == .array:
                root.hasProjects = true
                try reader.array { reader throws(JSONError) in
                    root.isBare = false
                    var name: String?
                    var serial: Int64?
                    try members(&reader) { key, reader throws(JSONError) in
                        switch key {
                        case "name": name = try reader.string()
                        case "_last-serial": serial = try Self.serial(&reader)
                        default: try reader.skip()
                        }
                    }
                    if let name { root.packages.add(name, serial: serial) }
                }
            case "meta": root.meta = try meta(&reader)
            default: try reader.skip()
            }
        }
        try reader.end()
    }

    /// PEP 629: another major version may mean anything.
    private static func check(_ version: String?) throws {
        if let version, !version.utf8.starts(with: "1.".utf8) {
            throw SaveError(.upstreamInvalid, "the upstream's index has the unknown version '\(version)': check remote_url")
        }
    }

    /// What a document says of itself.
    private struct Meta {
        var version: String?
        /// The number of the last change.
        var serial: Int64?
    }

    private static func meta(_ reader: inout JSONReader) throws(JSONError) -> Meta {
        var meta = Meta()
        try members(&reader) { key, reader throws(JSONError) in
            switch key {
            case "api-version": meta.version = try reader.string()
            case "_last-serial": meta.serial = try serial(&reader)
            default: try reader.skip()
            }
        }
        return meta
    }

    /// A positive number; mirrors that bandersnatch makes write it as a text on pages of packages.
    private static func serial(_ reader: inout JSONReader) throws(JSONError) -> Int64? {
        let value = try reader.value()
        let number = value.integer ?? value.string.flatMap { Int64($0) }
        return number.flatMap { $0 > 0 ? $0 : nil }
    }

    /// The object of PEP 792; some servers send the marker alone.
    private static func status(_ reader: inout JSONReader) throws(JSONError) -> ProjectStatus? {
        let value = try reader.value()
        return ProjectStatus(
            marker: value.object?["status"]?.string ?? value.string, reason: value.object?["reason"]?.string)
    }

    // MARK: Files

    private static func isDistribution(_ file: UpstreamFile) -> Bool {
        if !file.checksums.isEmpty { return true }
        return (file.filename ?? UpstreamHTML.lastSegment(file.url)).map(DistributionFilename.hasKnownEnding) ?? false
    }

    /// nil for what has no URL.
    private static func file(_ reader: inout JSONReader) throws(JSONError) -> UpstreamFile? {
        var file = UpstreamFile(url: "")
        try members(&reader) { key, reader throws(JSONError) in
            switch key {
            case "url": file.url = try reader.string() ?? ""
            case "filename": file.filename = try reader.string()
            case "hashes": file.checksums = try checksums(&reader)
            case "size": file.size = try size(&reader)
            case "upload-time": file.published = try reader.string().flatMap(UpstreamListing.time)
            case "requires-python": file.requiresPython = try reader.string()
            case "yanked": file.withdrawn = try withdrawal(&reader)
            // PEP 714's name, PEP 658's, and the one that the public index has sent by mistake.
            case "core-metadata" where try reader.kind() != .null:
                file.metadata = try metadata(&reader)
                file.namesCoreMetadata = true
            case "dist-info-metadata" where !file.namesCoreMetadata, "data-dist-info-metadata" where !file.namesCoreMetadata:
                file.metadata = try metadata(&reader) ?? file.metadata
            case "provenance": file.provenance = try reader.string()
            default: try reader.skip()
            }
        }
        return file.url.utf8.isEmpty ? nil : file
    }

    private static func checksums(_ reader: inout JSONReader) throws(JSONError) -> [Checksum] {
        var checksums: [Checksum] = []
        try members(&reader) { name, reader throws(JSONError) in
            guard let value = try reader.string() else { return }
            if let checksum = UpstreamListing.checksum(name, value) { checksums.append(checksum) }
        }
        return checksums
    }

    private static func metadata(_ reader: inout JSONReader) throws(JSONError) -> CoreMetadata? {
        guard try reader.kind() == .object else { return CoreMetadata(try reader.value()) }
        return try checksums(&reader)[.sha256].map(CoreMetadata.sha256) ?? .unverified
    }

    /// A whole number that is not negative; nil for anything else.
    private static func size(_ reader: inout JSONReader) throws(JSONError) -> Int64? {
        guard try reader.kind() == .number else {
            try reader.skip()
            return nil
        }
        return Int64(try reader.number().text).flatMap { $0 >= 0 ? $0 : nil }
    }

    /// PEP 691: a flag, or the reason. An empty reason is no yank in JSON.
    private static func withdrawal(_ reader: inout JSONReader) throws(JSONError) -> Withdrawal? {
        switch try reader.kind() {
        case .bool: return try reader.boolOrNull() == true ? Withdrawal(reason: "") : nil
        default: return try reader.string().flatMap { $0.utf8.isEmpty ? nil : Withdrawal(reason: $0) }
        }
    }

    /// The members of the next value; none where it is not an object.
    private static func members(
        _ reader: inout JSONReader, _ member: (String, inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        if try reader.kind() == .object { try reader.object(member) } else { try reader.skip() }
    }
}
