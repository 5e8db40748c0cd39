internal import SaveAccess
internal import SaveDigest
internal import SavePlatform
internal import SaveStorage

/// What is in a repository, as the API shows it: packages, versions, files. A group shows what its members have.
struct PackageContents: Sendable {
    /// The repositories that hold the packages, in the order in which a group asks them.
    let sources: [Int64]
    /// Members' files are shown together; else the first that has the package shows its own.
    let isUnion: Bool

    init(_ repository: Repository, for caller: Caller) {
        isUnion = repository.record.kind == .group && repository.record.group.policy == .union
        var sources: [Int64] = []
        var seen: Set<Int64> = []
        func visit(_ repository: Repository) {
            guard seen.insert(repository.record.id).inserted else { return }
            guard repository.record.kind == .group else {
                sources.append(repository.record.id)
                return
            }
            caller.members(of: repository).forEach(visit)
        }
        visit(repository)
        self.sources = sources
    }

    /// Packages in the order of their names.
    func packages(after: PackageID?, limit: Int, matching text: String?, in reading: any ContentReading) throws -> [PackageRecord]
    {
        var found: [PackageID: PackageRecord] = [:]
        for source in sources {
            for package in try reading.packages(source, after: after, limit: limit, matching: text) where found[package.id] == nil
            {
                found[package.id] = package
            }
        }
        return Array(found.values.sorted { $0.id < $1.id }.prefix(limit))
    }

    /// Files in the order of their paths, whatever they belong to, whose paths begin with a text.
    func files(
        withPrefix prefix: String, after: AssetPath?, limit: Int, in reading: any ContentReading
    ) throws -> [StoredAsset] {
        let slash = prefix.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = slash.map { String(Substring(prefix.utf8[...$0])) } ?? ""
        // What begins with the text comes at once behind it, and it may be a path itself.
        let start = prefix.utf8.count > directory.utf8.count ? try? AssetPath(prefix) : nil
        var found: [AssetPath: StoredAsset] = [:]
        for source in sources {
            var assets: [StoredAsset] = []
            if let start, after.map({ $0 < start }) ?? true, let asset = try reading.asset(source, start) { assets.append(asset) }
            let begin = [start, after].compactMap(\.self).max()
            assets += try reading.assets(source, under: directory, after: begin, limit: limit)
            for asset in assets where asset.record.path.text.utf8.starts(with: prefix.utf8) && found[asset.record.path] == nil {
                found[asset.record.path] = asset
            }
        }
        return Array(found.values.sorted { $0.record.path < $1.record.path }.prefix(limit))
    }

    /// A package with its files, without sidecars. `name` is the key of the package, or its display name.
    ///
    /// - Throws: `packageNotFound`.
    func package(_ name: String, in reading: any ContentReading) throws -> (record: PackageRecord, files: [StoredAsset]) {
        var record: PackageRecord?
        var files: [StoredAsset] = []
        for source in sources {
            guard let found = try Self.find(name, source, reading) else { continue }
            let known = Set(files.map(\.record.path))
            files += try reading.assets(source, package: found.id).filter {
                $0.record.sidecarOf == nil && !known.contains($0.record.path)
            }
            record = record ?? found
            if !isUnion { break }
        }
        guard let record else { throw SaveError(.packageNotFound, "there is no such package: check the name") }
        return (record, files)
    }

    /// The package of one repository, by its key or by the name its publisher writes.
    static func find(_ name: String, _ repository: Int64, _ reading: any ContentReading) throws -> PackageRecord? {
        if let record = try reading.package(repository, PackageID(normalized: name)) { return record }
        return try reading.packages(repository, after: nil, limit: 100, matching: name).first {
            $0.displayName.utf8.elementsEqual(name.utf8)
        }
    }
}

/// How packages, versions and files are shown.
enum PackageRepresentation {
    static func package(_ record: PackageRecord) -> JSONObject {
        [
            "name": .string(record.id.name), "display_name": .string(record.displayName),
            "created_at": .string(record.created.rfc3339), "updated_at": .string(record.updated.rfc3339),
        ]
    }

    /// A file that belongs to no package, where packages are listed.
    static func pathOnly(_ asset: StoredAsset) -> JSONObject {
        [
            "name": .string(asset.record.path.text), "display_name": .string(asset.record.path.filename),
            "created_at": .string(asset.created.rfc3339), "updated_at": .string(asset.created.rfc3339),
        ]
    }

    /// A package with its versions, each with the number and size of its files, the latest upload first.
    static func package(_ record: PackageRecord, _ files: [StoredAsset]) -> JSONValue {
        var object = package(record)
        object["attributes"] = .object(record.attributes)
        let versions = Dictionary(grouping: files.filter { $0.record.version != nil }) { $0.record.version ?? "" }
        let ordered = versions.sorted { left, right in
            let newest = (left.value.map(\.created).max(), right.value.map(\.created).max())
            if let left = newest.0, let right = newest.1, left != right { return left > right }
            return left.key.utf8.lexicographicallyPrecedes(right.key.utf8)
        }
        object["versions"] = .array(ordered.map { .object(summary(of: $0.key, $0.value)) })
        return .object(object)
    }

    /// A version with its files.
    static func version(_ version: String, of record: PackageRecord, _ files: [StoredAsset]) -> JSONValue {
        var object: JSONObject = ["name": .string(record.id.name), "display_name": .string(record.displayName)]
        for member in summary(of: version, files).members where member.key != "files" { object[member.key] = member.value }
        object["files"] = .array(files.map(file))
        return .object(object)
    }

    private static func summary(of version: String, _ files: [StoredAsset]) -> JSONObject {
        let withdrawn = files.compactMap(\.record.withdrawn)
        let size = files.reduce(Int64(0)) { $0.addingReportingOverflow($1.size).partialValue }
        return [
            "version": .string(version), "files": .integer(Int64(files.count)), "size": .integer(size),
            "created_at": JSONValue(files.map(\.created).min()), "updated_at": JSONValue(files.map(\.created).max()),
            "yanked": .bool(!files.isEmpty && withdrawn.count == files.count),
            "yanked_reason": JSONValue(withdrawn.first?.reason),
        ]
    }

    static func file(_ asset: StoredAsset) -> JSONValue {
        var digests = JSONObject(asset.record.checksums.map { ($0.algorithm.rawValue, .string($0.hex)) })
        digests["sha256"] = .string(asset.blob.hex)
        return [
            "filename": .string(asset.record.path.filename), "path": .string(asset.record.path.text),
            "size": .integer(asset.size), "digests": .object(digests), "content_type": JSONValue(asset.record.contentType),
            "published_at": JSONValue(asset.record.published), "created_at": .string(asset.created.rfc3339),
            "uploaded_by": JSONValue(asset.uploadedBy), "yanked": .bool(asset.record.withdrawn != nil),
            "yanked_reason": JSONValue(asset.record.withdrawn?.reason), "attributes": .object(attributes(asset.record)),
        ]
    }

    /// What the format says of a file, without what the server notes for itself.
    private static func attributes(_ record: AssetRecord) -> JSONObject {
        JSONObject(record.attributes.members.filter { $0.key.utf8.first != UInt8(ascii: "_") }.map { ($0.key, $0.value) })
    }
}
