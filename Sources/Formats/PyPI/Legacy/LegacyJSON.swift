internal import SaveDigest
internal import SavePlatform

/// The JSON that tools asked for before there was a JSON form of the index: `pypi/<name>/json` for the newest release, and
/// `pypi/<name>/<version>/json` for one. The same data as the index's pages, and what the release's metadata say.
enum LegacyJSON {
    /// The platform gives advisories to indexes below `advisories/`.
    private static let folder = "advisories/json"

    /// The index of a project's newest release, or with a version of that one.
    static func index(_ package: PackageID, version: String? = nil) -> IndexKey {
        .custom(version.map { "\(folder)/\($0)" } ?? folder, package: package)
    }

    /// Whether an index is one of these, and which release it is about.
    static func release(_ index: IndexKey) -> (package: PackageID, version: String?)? {
        guard case .custom(let name, let package?) = index, name.utf8.starts(with: folder.utf8) else { return nil }
        let rest = name.utf8.dropFirst(folder.utf8.count)
        return (package, rest.isEmpty ? nil : String(Substring(rest.dropFirst())))
    }

    /// The metadata file that tells most of a release: that of a wheel before that of a source archive.
    static func documents(_ page: SimplePage, version: String?) throws -> [AssetPath] {
        let files = files(of: try chosen(page, version), page).filter {
            $0.attributes[PyPIAttribute.coreMetadata] != nil
        }
        let wheels = files.filter { $0.path.text.utf8.suffix(4).elementsEqual(".whl".utf8) }
        return try (wheels.first ?? files.first).map { [try PyPIPaths.sidecar(of: $0.path)] } ?? []
    }

    /// - Parameters:
    ///   - metadata: the bytes of the file that `documents` names, where they are to be had.
    ///   - advisories: what the platform says of the package.
    /// - Throws: `packageNotFound` for a version that is not there.
    static func render(
        _ page: SimplePage, version: String?, metadata: [UInt8]?, advisories: JSONValue?, context: RenderContext
    ) throws -> [UInt8] {
        let chosen = try chosen(page, version)
        let urls = LegacyFiles(page: page, context: context)
        let files = files(of: chosen, page)
        let headers = metadata.map { MetadataHeaders($0) }
        var object: JSONObject = [
            "info": .object(LegacyInfo(page: page, version: chosen, files: files, headers: headers).json),
            "last_serial": .integer(page.serial ?? page.files.compactMap(\.published?.seconds).max() ?? 0),
        ]
        if version == nil {
            object["releases"] = .object(JSONObject(page.versions.map { ($0, urls.json(Self.files(of: $0, page))) }))
        }
        object["urls"] = urls.json(files)
        object["vulnerabilities"] = LegacyVulnerabilities.json(advisories, version: chosen)
        return JSONValue.object(object).bytes
    }

    /// The version that was asked for, as the page spells it; without one the newest that is neither yanked nor a
    /// pre-release, as installers choose.
    private static func chosen(_ page: SimplePage, _ version: String?) throws -> String {
        // "Not found" would say that there is no such project.
        if let status = page.status, status.marker == .quarantined {
            throw SaveError(
                .blocked, "the project is \(status.text); its files are not offered: ask an owner to change its status")
        }
        guard let version else {
            let offered = page.versions.filter { files(of: $0, page).contains { $0.withdrawn == nil } }
            let final = offered.last { Version($0)?.isPrerelease == false }
            guard let newest = final ?? offered.last ?? page.versions.last else {
                throw SaveError(.packageNotFound, "the project offers no files: publish one, or check the name")
            }
            return newest
        }
        guard let found = page.versions.first(where: { isSame($0, version) }) else {
            throw SaveError(.packageNotFound, "there is no such version: check the number")
        }
        return found
    }

    private static func files(of version: String, _ page: SimplePage) -> [AssetRecord] {
        page.files.filter { isSame($0.version ?? "", version) }
    }

    /// By PEP 440, where both are such versions.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        if left.utf8.elementsEqual(right.utf8) { return true }
        guard let left = Version(left), let right = Version(right) else { return false }
        return left == right
    }
}

/// What a file is in the legacy JSON.
private struct LegacyFiles {
    let page: SimplePage
    let context: RenderContext

    func json(_ files: [AssetRecord]) -> JSONValue { .array(files.map { .object(json($0)) }) }

    private func json(_ record: AssetRecord) -> JSONObject {
        let filename = record.path.filename
        let distribution = DistributionFilename(filename, of: page.package)
        let digests = record.checksums.map { ($0.algorithm.rawValue, JSONValue.string($0.hex)) }
        let time = record.published?.rfc3339
        return [
            "comment_text": "", "digests": .object(JSONObject(digests)), "downloads": -1,
            "filename": .string(filename), "has_sig": false,
            "md5_digest": JSONValue(record.checksums[.md5]?.hex),
            "packagetype": JSONValue(
                distribution?.kind == .legacy || distribution?.kind == .variant ? nil : distribution?.kind.rawValue),
            "python_version": .string(distribution?.kind == .wheel ? Self.pythonTag(filename) : "source"),
            "requires_python": record.attributes[PyPIAttribute.requiresPython] ?? .null, "size": JSONValue(record.size),
            "upload_time": JSONValue(time.map { String(Substring($0.utf8.prefix(19))) }),
            "upload_time_iso_8601": JSONValue(time), "url": .string(url(record)),
            "yanked": .bool(record.withdrawn != nil),
            "yanked_reason": JSONValue(record.withdrawn.flatMap { $0.reason.isEmpty ? nil : $0.reason }),
        ]
    }

    /// Absolute: there is no base that all who read this would resolve it against.
    /// bandersnatch takes files from URLs whose path begins with `/packages` and from no others (`_file_url_to_local_path`); there
    /// the server leads to where they are.
    private func url(_ record: AssetRecord) -> String {
        (context.externalOrigin.map { $0 + "/packages" } ?? "") + context.basePath + record.path.percentEncoded
    }

    /// The third part from the end of a wheel's name.
    private static func pythonTag(_ filename: String) -> String {
        let parts = filename.utf8.split(separator: UInt8(ascii: "-"))
        return parts.count >= 3 ? String(Substring(parts[parts.count - 3])) : ""
    }
}

/// What is said of a release as a whole.
private struct LegacyInfo {
    let page: SimplePage
    let version: String
    let files: [AssetRecord]
    let headers: MetadataHeaders?

    /// Fields that have one value, by the name of their header.
    private static let texts = [
        "author", "author_email", "description_content_type", "download_url", "home_page", "keywords", "license",
        "license_expression", "maintainer", "maintainer_email", "summary",
    ]
    /// Fields that have any number of values, with the name of their header.
    private static let lists = [
        ("classifiers", "classifier"), ("dynamic", "dynamic"), ("license_files", "license-file"), ("platform", "platform"),
        ("provides_extra", "provides-extra"), ("requires_dist", "requires-dist"),
    ]

    var json: JSONObject {
        var info: JSONObject = [
            "name": .string(headers?.values("name").first ?? page.package.name), "version": .string(version),
            "requires_python": files.lazy.compactMap { $0.attributes[PyPIAttribute.requiresPython] }.first ?? .null,
            "yanked": .bool(!files.isEmpty && files.allSatisfy { $0.withdrawn != nil }),
            "yanked_reason": JSONValue(files.lazy.compactMap { $0.withdrawn?.reason }.first { !$0.isEmpty }),
            "description": .string(description), "project_urls": projectURLs,
        ]
        for name in Self.texts { info[name] = JSONValue(headers?.values(Self.header(name)).first) }
        for (name, header) in Self.lists {
            let values = (headers?.values(header) ?? []).map(MetadataHeaders.unfolded)
            // Null says that nothing is known, or nothing is said; only of classifiers there is always a list.
            info[name] = values.isEmpty && name != "classifiers" ? .null : .array(values.map(JSONValue.string))
        }
        for name in ["bugtrack_url", "docs_url", "package_url", "project_url", "release_url"] { info[name] = .null }
        info["downloads"] = ["last_day": -1, "last_month": -1, "last_week": -1]
        return info
    }

    private static func header(_ name: String) -> String {
        String(decoding: name.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }, as: UTF8.self)
    }

    private var description: String {
        guard let headers else { return "" }
        return headers.values("description").first ?? String(decoding: headers.body, as: UTF8.self)
    }

    /// `Project-URL: label, address`.
    private var projectURLs: JSONValue {
        let urls = (headers?.values("project-url") ?? []).compactMap { line -> (String, JSONValue)? in
            guard let comma = line.utf8.firstIndex(of: UInt8(ascii: ",")) else { return nil }
            let label = UploadForm.trimmed(String(line[..<comma]))
            return (label, .string(UploadForm.trimmed(String(line[line.utf8.index(after: comma)...]))))
        }
        var object = JSONObject()
        for (label, address) in urls { object[label] = address }
        return object.isEmpty ? .null : .object(object)
    }
}
