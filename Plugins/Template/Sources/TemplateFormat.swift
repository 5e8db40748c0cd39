internal import SaveDigest
public import SavePlatform

/// One file for each version of a package: `/` lists packages, `/<package>/` its versions, `/<package>/<version>` is a file.
public struct TemplateFormat: RepositoryFormat, PackageNaming {
    public static let descriptor = FormatDescriptor(
        id: "template", displayName: "Template",
        abilities: [.hosted, .proxy, .group, .indexes, .uploads, .deletes, .upstreamIndexes])

    public init(settings: JSONObject) throws { try Self.takeNone(of: settings) }

    /// The same package in small and in large letters.
    public func package(named name: String) -> PackageID? {
        Self.isWord(name) ? PackageID(normalized: ASCII.lowercased(name)) : nil
    }

    public func route(_ request: FormatRequest) throws -> Route {
        let words = request.path.segments
        guard let name = words.first else { return try request.reading(.index(.root, offers: [.text])) }
        guard let package = package(named: name), words.count <= 2, words.allSatisfy(Self.isWord) else {
            throw SaveError(.packageNotFound, "there is no such package: check the name")
        }
        guard words.count == 2 else { return try request.reading(.index(.package(package), offers: [.text])) }
        let file = try AssetPath("\(package)/\(words[1])")
        switch request.method {
        case .get, .head: return .asset(file, package: package)
        case .put: return .upload(UploadPlan(path: file, package: package, status: 201))
        case .delete: return .delete(file)
        default: throw SaveError.methodNotAllowed("GET, HEAD, PUT, DELETE")
        }
    }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        let packages = listing.packages.map { "\($0.id)\n" }
        let files = listing.assets.map { "\($0.path.filename) \($0.size ?? -1) \($0.checksums[.sha256]?.hex ?? "-")\n" }
        return Document(type: type, bytes: Array((packages + files).sorted().joined().utf8))
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
        let base = try URLReference.directory(base)
        switch target {
        case .index(.root): return UpstreamRequest(url: base, maxSize: 64 << 20)
        case .index(.package(let package)): return UpstreamRequest(url: "\(base)\(package)/", maxSize: 16 << 20)
        case .probe(attempt: 0): return UpstreamRequest(url: base, accept: "text/plain", maxSize: 1 << 20, resolvedBase: base)
        default: throw SaveError.unsupported("such a request to an upstream")
        }
    }

    public func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        guard let text = String(validating: document.bytes, as: UTF8.self) else {
            throw SaveError(.upstreamInvalid, "the upstream's list is not text: check remote_url")
        }
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        guard let package = index.package else {
            let packages = lines.compactMap { $0.first.flatMap(package(named:)) }
            return Listing(packages: PackageList(packages.map { PackageSummary(id: $0, displayName: $0.name) }))
        }
        return Listing(assets: lines.compactMap { file(of: $0, in: package, at: document.url) })
    }

    /// A line of a package's page; nil for one that makes no sense.
    private func file(of line: [String], in package: PackageID, at page: String) -> AssetRecord? {
        guard line.count == 3, Self.isWord(line[0]), let size = Int64(line[1]), size >= 0,
            let sha256 = Checksum(.sha256, hex: line[2]),
            let path = try? AssetPath("\(package)/\(line[0])"), let directory = try? URLReference.directory(page)
        else { return nil }
        return AssetRecord(
            path: path, package: package, version: line[0], size: size, checksums: [sha256], origin: directory + line[0])
    }

    /// Letters, digits and a few signs: what is the same in a path, a URL and a line.
    private static func isWord(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: ".")
            && text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "-._+".utf8.contains($0) }
    }
}
