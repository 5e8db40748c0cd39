import SaveDigest
public import SavePlatform

/// A sparse index of packages, as Cargo has one: lines without URLs, and a document that says where the files are. For tests.
///
/// `/<name>` has a line `{"name":…,"vers":…,"cksum":…}` for each version, `/crates/<name>/<version>` is its file. `/config.json` has in `dl`
/// where upstreams keep files: a URL with `{crate}`, `{version}` and `{sha256-checksum}`, relative to the document; without any of these,
/// `/{crate}/{version}/download` is appended. Upstreams have the document at their URL or below `/index/`; in `index` it may say where
/// the lines are.
public struct SparseFormat: RepositoryFormat, PackageNaming {
    public static let descriptor = FormatDescriptor(
        id: "sparse", displayName: "Sparse", abilities: [.hosted, .proxy, .group, .indexes, .uploads, .deletes, .upstreamIndexes])

    public init(settings: JSONObject) throws { try Self.takeNone(of: settings) }

    public func package(named name: String) -> PackageID? {
        Self.isWord(name) && !name.utf8.contains(UInt8(ascii: ".")) ? PackageID(normalized: ASCII.lowercased(name)) : nil
    }

    public func route(_ request: FormatRequest) throws -> Route {
        let words = request.path.segments
        if words == ["config.json"] { return try request.reading(.staticDocument(Self.configuration)) }
        if words.count == 1, let package = package(named: words[0]) {
            return try request.reading(.index(.package(package), offers: [.text]))
        }
        guard words.count == 3, words[0] == "crates", let package = package(named: words[1]), Self.isWord(words[2]) else {
            throw SaveError(.packageNotFound, "there is no such package: check the name")
        }
        let file = try AssetPath("crates/\(package)/\(words[2])")
        switch request.method {
        case .get, .head: return .asset(file, package: package)
        case .put: return .upload(UploadPlan(path: file, package: package, status: 201))
        case .delete: return .delete(file)
        default: throw SaveError.methodNotAllowed("GET, HEAD, PUT, DELETE")
        }
    }

    private static let configuration = Document(
        type: .json, bytes: JSONValue.object(["dl": "crates/{crate}/{version}"]).bytes)

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        let lines = listing.assets.map { asset in
            let line: JSONObject = [
                "name": JSONValue(asset.package?.name), "vers": JSONValue(asset.version),
                "cksum": JSONValue(asset.checksums[.sha256]?.hex),
            ]
            return JSONValue.object(line).text + "\n"
        }
        return Document(type: type, bytes: Array(lines.joined().utf8))
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        guard let path = upload.plan.path, let package = upload.plan.package else { throw SaveError.unsupported("such uploads") }
        let staged = try await staging.stage(upload.body, computing: [.sha256])
        guard staged.size > 0 else { throw SaveError.invalid("body", "body: a file is not empty") }
        let record = AssetRecord(
            path: path, package: package, version: path.filename, size: staged.size, checksums: staged.checksums)
        return Submission(
            items: [Submission.Item(record: record, staged: staged)],
            package: PackageSummary(id: package, displayName: package.name))
    }

    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        if case .probe(let attempt) = target, attempt < 2 {
            let place = try URLReference.directory(base) + (attempt == 0 ? "" : "index/")
            var request = try configurationRequest(base: place)
            request.resolvedBase = place
            return request
        }
        guard case .index(.package(let package)) = target else { throw SaveError.unsupported("such a request to an upstream") }
        return UpstreamRequest(url: try URLReference.directory(base) + package.name, maxSize: 16 << 20)
    }

    public func upstreamRequest(
        for target: UpstreamTarget, base: String, configuration: JSONObject
    ) throws -> UpstreamRequest {
        try upstreamRequest(for: target, base: configuration["index"]?.string ?? base)
    }

    public func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        guard let package = index.package, let text = String(validating: document.bytes, as: UTF8.self) else {
            throw SaveError(.upstreamInvalid, "the upstream's index is not text: check remote_url")
        }
        return Listing(assets: text.split(separator: "\n").compactMap { file(of: Array($0.utf8), in: package) })
    }

    private func file(of line: [UInt8], in package: PackageID) -> AssetRecord? {
        guard let object = try? JSONValue(parsing: line).object, object["name"]?.string == package.name,
            let version = object["vers"]?.string, Self.isWord(version),
            let checksum = object["cksum"]?.string.flatMap({ Checksum(.sha256, hex: $0) }),
            let path = try? AssetPath("crates/\(package)/\(version)")
        else { return nil }
        return AssetRecord(path: path, package: package, version: version, checksums: [checksum])
    }

    private static func isWord(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: ".")
            && text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "-._+".utf8.contains($0) }
    }
}

extension SparseFormat: UpstreamConfigurationReading, FileLocating {
    public func configurationRequest(base: String) throws -> UpstreamRequest {
        UpstreamRequest(url: try URLReference.directory(base) + "config.json", maxSize: 4096)
    }

    public func configuration(from document: UpstreamDocument) throws -> JSONObject {
        guard let object = try? JSONValue(parsing: document.bytes).object, let dl = object["dl"]?.string else {
            throw SaveError(.upstreamInvalid, "the upstream's config.json has no text 'dl': check remote_url")
        }
        var value: JSONObject = ["dl": .string(URLReference.resolve(dl, against: document.url) ?? dl)]
        if let index = object["index"]?.string {
            guard let place = URLReference.resolve(index, against: document.url) else {
                throw SaveError(.upstreamInvalid, "the upstream's config.json has an 'index' that is no URL: check remote_url")
            }
            value["index"] = .string(place)
        }
        return value
    }

    public func location(of file: AssetRecord, base: String, configuration: JSONObject) throws -> String? {
        guard let package = file.package, let version = file.version else { return nil }
        guard let dl = configuration["dl"]?.string else {
            throw SaveError(.upstreamInvalid, "the upstream's config.json has no text 'dl': check remote_url")
        }
        let values = ["crate": package.name, "version": version, "sha256-checksum": file.checksums[.sha256]?.hex ?? ""]
        let filled = values.reduce(dl) { $0.replacing("{\($1.key)}", with: $1.value) }
        return filled == dl ? "\(dl)/\(package)/\(version)/download" : filled
    }
}
