internal import SaveDigest
internal import SavePlatform

/// An upstream's page in JSON (PEP 691 and what followed), read with tolerance: what a field should not be, it is not.
enum UpstreamJSON {
    static func listing(_ document: UpstreamDocument, _ index: IndexKey) throws -> Listing {
        let value: JSONValue
        do { value = try JSONValue(parsing: document.bytes) } catch {
            throw SaveError(.upstreamInvalid, "the upstream's index is not JSON: \(error)")
        }
        guard let page = value.object else { throw SaveError(.upstreamInvalid, "the upstream's index is not a JSON object") }
        // PEP 629: another major version may mean anything.
        if let version = page["meta"]?.object?["api-version"]?.string, !version.utf8.starts(with: "1.".utf8) {
            throw SaveError(.upstreamInvalid, "the upstream's index has the unknown version '\(version)'")
        }
        guard let package = index.package else { return try root(page) }
        guard let files = page["files"]?.array else {
            throw SaveError(.upstreamInvalid, "the upstream's index has no list of files")
        }
        var listing = UpstreamListing(package, base: document.url)
        listing.reserve(files.count)
        for file in files {
            if let object = file.object, let file = Self.file(object) { listing.add(file) }
        }
        return listing.listing(status(page["project-status"]))
    }

    private static func root(_ page: JSONObject) throws -> Listing {
        guard let projects = page["projects"]?.array else {
            throw SaveError(.upstreamInvalid, "the upstream's index has no list of projects")
        }
        var packages = UpstreamPackages()
        for project in projects {
            if let name = project.object?["name"]?.string { packages.add(name) }
        }
        return packages.listing
    }

    private static func status(_ value: JSONValue?) -> ProjectStatus? {
        // The object of PEP 792; some servers send the marker alone.
        ProjectStatus(marker: value?.object?["status"]?.string ?? value?.string, reason: value?.object?["reason"]?.string)
    }

    /// One pass over the members: a page has tens of thousands of files, and each has a dozen members.
    private static func file(_ object: JSONObject) -> UpstreamFile? {
        var file = UpstreamFile(url: "")
        for member in object.members {
            switch member.key {
            case "url": file.url = member.value.string ?? ""
            case "filename": file.filename = member.value.string
            case "hashes": file.checksums = checksums(member.value)
            case "size": file.size = member.value.integer.flatMap { $0 >= 0 ? $0 : nil }
            case "upload-time": file.published = member.value.string.flatMap(Timestamp.init(rfc3339:))
            case "requires-python": file.requiresPython = member.value.string
            case "yanked": file.withdrawn = withdrawal(member.value)
            // PEP 714's name, PEP 658's, and the one that the public index has sent by mistake.
            case "core-metadata": file.metadata = CoreMetadata(member.value) ?? file.metadata
            case "dist-info-metadata", "data-dist-info-metadata":
                file.metadata = file.metadata ?? CoreMetadata(member.value)
            case "provenance": file.provenance = member.value.string
            default: break
            }
        }
        return file.url.utf8.isEmpty ? nil : file
    }

    private static func checksums(_ value: JSONValue) -> [Checksum] {
        (value.object?.members ?? []).compactMap { member in
            member.value.string.flatMap { UpstreamListing.checksum(member.key, $0) }
        }
    }

    /// PEP 691: a flag, or the reason. An empty reason is no yank in JSON.
    private static func withdrawal(_ value: JSONValue) -> Withdrawal? {
        if value.bool == true { return Withdrawal(reason: "") }
        return value.string.flatMap { $0.utf8.isEmpty ? nil : Withdrawal(reason: $0) }
    }
}

/// The packages of an upstream's root index, each once under its normalized name.
struct UpstreamPackages {
    private var seen: Set<PackageID> = []
    private var packages: [PackageSummary] = []

    mutating func add(_ name: String) {
        guard let id = ProjectName.normalized(name), seen.insert(id).inserted else { return }
        packages.append(PackageSummary(id: id, displayName: name))
    }

    var listing: Listing { Listing(packages: packages) }
}
