internal import SavePlatform

/// What requests other than a publish change in a package (npm's own commands `dist-tag`, `deprecate`, `unpublish`).
enum PackageEdits {
    /// What a publish changes besides adding a version: the tags that it is given, and by which words the package is found. A
    /// version that is there already gets its tags all the same, and a provenance that it did not have.
    static func publish(
        _ version: String, of name: PackageName, as tags: [String], _ predicateType: String?
    ) -> @Sendable (Listing) throws -> PackageChange {
        { listing in
            var new = listing
            for tag in tags { new.attributes = try Self.tag(tag, as: version)(new).attributes ?? new.attributes }
            let latest = Packument(of: name.package, listing: new, origin: "").latestVersion
            let text = latest.map { SearchEntry.text(of: $0.manifest) } ?? ""
            new.attributes[SearchEntry.textKey] = text.isEmpty ? nil : .string(text)
            let records = predicateType.map { type in listing.assets.compactMap { attested($0, version, type) } }
            return PackageChange(
                attributes: new.attributes == listing.attributes ? nil : new.attributes, records: records ?? [])
        }
    }

    private static func attested(_ asset: AssetRecord, _ version: String, _ predicateType: String) -> AssetRecord? {
        guard asset.version.map({ ASCII.isEqual($0, version) }) ?? false else { return nil }
        var (asset, record) = (asset, VersionRecord(asset))
        var dist = record.manifest["dist"]?.object ?? JSONObject()
        guard dist["attestations"] == nil else { return nil }
        dist["attestations"] = Provenance.described(predicateType)
        record.manifest["dist"] = .object(dist)
        asset.attributes = record.attributes
        return asset
    }

    /// A tag in an attribute of the package.
    static func tag(_ tag: String, as version: String) -> @Sendable (Listing) throws -> PackageChange {
        { listing in
            guard listing.assets.contains(where: { $0.version.map { ASCII.isEqual($0, version) } ?? false }) else {
                throw SaveError(
                    .packageNotFound, "there is no version '\(version)' of this package: npm view lists those there are")
            }
            return PackageChange(attributes: tags(of: listing) { $0[tag] = .string(version) })
        }
    }

    static func untag(_ tag: String) throws -> @Sendable (Listing) throws -> PackageChange {
        guard tag != "latest" else { throw SaveError.invalid("dist-tags", "dist-tags: every package has a latest version") }
        return { listing in
            guard listing.attributes[Packument.tagsKey]?.object?[tag] != nil else {
                throw SaveError(.notFound, "this package has no tag '\(tag)': npm dist-tag ls lists those there are")
            }
            return PackageChange(attributes: tags(of: listing) { $0[tag] = nil })
        }
    }

    /// Notes on versions, as the packument that came says them. Nothing else of it counts.
    static func deprecations(_ document: JSONObject, of name: PackageName) throws -> @Sendable (Listing) throws -> PackageChange {
        let versions = try versions(document, of: name)
        let revision = document["_rev"]?.string
        return { listing in
            // A version that rules keep off the page is not in the document.
            if let revision { try check(revision, listing.with(listing.assets.filter { isIn(versions, $0) }), name) }
            return PackageChange(records: deprecated(listing.assets, as: versions))
        }
    }

    /// The package as the packument that came has it: versions that the client saw and that are not in it go, with their files.
    static func revise(
        _ document: JSONObject, of name: PackageName, from revision: String
    ) throws -> @Sendable (Listing) throws -> PackageChange {
        let versions = try versions(document, of: name)
        let wanted = document[Packument.tagsKey]?.object
        return { listing in
            let gone = try leftOut(of: listing, versions, seenAt: revision, name)
            let kept = listing.assets.filter { file in !gone.contains { $0.path == file.path } }
            let attributes = wanted.map { wanted in
                tags(of: listing) { tags in
                    // A tag leads to a version that is there, or it is none.
                    let known = wanted.members.filter { tag in kept.contains { $0.version == tag.value.string } }
                    // Rules may show `latest` elsewhere, and no tag of a version that they keep off the page.
                    let unshown = tags.members.filter { tag in
                        kept.contains { $0.version == tag.value.string && (tag.key == "latest" || !isIn(versions, $0)) }
                    }
                    tags = JSONObject(known.map { ($0.key, $0.value) })
                    for tag in unshown { tags[tag.key] = tag.value }
                }
            }
            return PackageChange(attributes: attributes, records: deprecated(kept, as: versions), removed: gone.map(\.path))
        }
    }

    static func unpublish(_ name: PackageName, at revision: String) -> @Sendable (Listing) throws -> PackageChange {
        { listing in
            // All goes that the client saw. What rules keep off the page stays, and what came meanwhile.
            let seen = isSeen(revision, listing, name) ? listing.assets : seenInPart(revision, listing, name)
            guard let seen else { throw changed }
            return PackageChange(removed: seen.map(\.path))
        }
    }

    /// A file that may have gone already, with its version.
    static func remove(_ file: String) -> @Sendable (Listing) throws -> PackageChange {
        { listing in PackageChange(removed: listing.assets.map(\.path).filter { ASCII.isEqual($0.filename, file) }) }
    }

    // MARK: - Parts

    private static func tags(of listing: Listing, _ body: (inout JSONObject) -> Void) -> JSONObject {
        var attributes = listing.attributes
        var tags = attributes[Packument.tagsKey]?.object ?? JSONObject()
        body(&tags)
        attributes[Packument.tagsKey] = .object(tags)
        return attributes
    }

    private static func versions(_ document: JSONObject, of name: PackageName) throws -> JSONObject {
        guard ASCII.isEqual(document["name"]?.string ?? "", name.text), let versions = document["versions"]?.object else {
            // `npm owner` sends maintainers and nothing else.
            if document["maintainers"] != nil { throw ElsewhereCommands.owners }
            throw SaveError.invalid("versions", "versions: missing; a document that changes a package has its versions")
        }
        return versions
    }

    private static func isIn(_ versions: JSONObject, _ asset: AssetRecord) -> Bool {
        asset.version.map { versions[$0] != nil } ?? false
    }

    private static func deprecated(_ assets: [AssetRecord], as versions: JSONObject) -> [AssetRecord] {
        assets.compactMap { asset in
            guard let manifest = asset.version.flatMap({ versions[$0]?.object }) else { return nil }
            var asset = asset
            var record = VersionRecord(asset)
            // An empty note takes the one that was there back.
            let note = manifest["deprecated"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            guard record.manifest["deprecated"]?.string != note, !isShown(note, of: asset, record) else { return nil }
            record.manifest["deprecated"] = note.map(JSONValue.string)
            asset.attributes = record.attributes
            return asset
        }
    }

    /// How the reason of a policy begins, which clients read as a note and send back with the others.
    private static let policysReason = "Blocked by Save: "

    /// Whether a note is what a page shows of a version that is withheld, and not what its author says.
    private static func isShown(_ note: String?, of asset: AssetRecord, _ record: VersionRecord) -> Bool {
        guard let note else { return false }
        if note.utf8.starts(with: policysReason.utf8) { return true }
        return asset.withdrawn.map { Packument.note(on: $0, record) == note } ?? false
    }

    /// Listings that are tried for the one that the client saw. Each is made and digested like a page.
    private static let maxUnseen = 100

    /// The files that the client saw at a revision and left out of its document. What rules keep off the page it never saw: that stays.
    ///
    /// - Throws: `conflict` where the package is other than the client has seen it.
    private static func leftOut(
        of listing: Listing, _ versions: JSONObject, seenAt revision: String, _ name: PackageName
    ) throws -> [AssetRecord] {
        let absent = listing.assets.filter { !isIn(versions, $0) }
        if isSeen(revision, listing, name) { return absent }
        let kept = listing.assets.filter { isIn(versions, $0) }
        // `npm unpublish` leaves out one version at a time.
        for file in absent.prefix(maxUnseen) where isSeen(revision, listing.with(kept + [file]), name) { return [file] }
        throw changed
    }

    private static var changed: SaveError { SaveError(.conflict, "the package was changed since you read it; try again") }

    private static func isSeen(_ revision: String, _ listing: Listing, _ name: PackageName) -> Bool {
        ASCII.isEqual(Packument(of: name.package, listing: listing, origin: "").revision, revision)
    }

    /// The files that a client saw, by a revision, which begins with their number; nil where it is of no choice of those that there are.
    private static func seenInPart(_ revision: String, _ listing: Listing, _ name: PackageName) -> [AssetRecord]? {
        let digits = revision.utf8.prefix { $0 != UInt8(ascii: "-") }
        guard let count = Int(String(Substring(digits))), count > 0, count < listing.assets.count else { return nil }
        var chosen = Array(0..<count)
        for _ in 0..<maxUnseen {
            let files = chosen.map { listing.assets[$0] }
            if isSeen(revision, listing.with(files), name) { return files }
            // The next choice: the last place that can go on does, and those behind it follow.
            guard let place = chosen.indices.last(where: { chosen[$0] < listing.assets.count - count + $0 }) else { return nil }
            chosen[place] += 1
            for later in chosen.indices where later > place { chosen[later] = chosen[later - 1] + 1 }
        }
        return nil
    }

    /// - Throws: `conflict` where the package is other than the client has seen it.
    private static func check(_ revision: String, _ listing: Listing, _ name: PackageName) throws {
        guard isSeen(revision, listing, name) else { throw changed }
    }
}

extension Listing {
    fileprivate func with(_ assets: [AssetRecord]) -> Listing {
        var listing = self
        listing.assets = assets
        return listing
    }
}
