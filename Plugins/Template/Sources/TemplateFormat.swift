internal import SaveDigest
public import SavePlatform

/// One file for each version of a package: `/` lists packages, `/<package>/` its versions, `/<package>/<version>` is a file.
public struct TemplateFormat: RepositoryFormat {
    public static let descriptor = FormatDescriptor(
        id: "template", displayName: "Template",
        abilities: [.hosted, .proxy, .group, .indexes, .uploads, .deletes, .upstreamIndexes])

    public init(settings: JSONObject) throws {
        guard let key = settings.keys.first else { return }
        throw SaveError(.unknownField, "a Template repository has no setting '\(key)'", details: ["field": key])
    }

    public func route(_ request: FormatRequest) throws -> Route {
        let path = request.path
        switch path.segments.count {
        case 0: return try reading(request, .index(.root, offers: [.text]))
        case 1:
            // The lines of a page are relative to it, so the page has one URL.
            let package = try package(path.segments[0])
            guard path.endsInSlash, path.segments[0] == package.name else {
                return try reading(request, .redirect(to: "\(path.endsInSlash ? "../" : "")\(package)/", permanent: true))
            }
            return try reading(request, .index(.package(package), offers: [.text]))
        case 2 where !path.endsInSlash:
            let package = try package(path.segments[0])
            let file = try AssetPath("\(package)/\(path.segments[1])")
            switch request.method {
            case .get, .head: return .asset(file, package: package)
            case .put: return .upload(UploadPlan(path: file, status: 201))
            case .delete: return .delete(file)
            default: throw notAllowed("GET, HEAD, PUT, DELETE")
            }
        default: throw SaveError(.notFound, "a Template repository has no such path")
        }
    }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        let lines =
            index == .root
            ? listing.packages.map { "\($0.id)\n" }
            : listing.assets.map { file in
                let sha256 = file.checksums.first { $0.algorithm == .sha256 }?.hex ?? "-"
                return "\(ASCII.percentEncoded(file.path.filename)) \(sha256) \(file.size.map { "\($0)" } ?? "-")\n"
            }
        return Document(type: type, bytes: Array(lines.sorted().joined().utf8))
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        guard let path = upload.plan.path, let folder = path.parent else { throw SaveError.invalid("path", "path: missing") }
        let staged = try await staging.stage(upload.body, computing: [.sha256])
        guard staged.size > 0 else { throw SaveError.invalid("body", "body: a file is not empty") }
        let package = try package(folder.text)
        let record = AssetRecord(
            path: path, package: package, version: path.filename, size: staged.size, checksums: staged.checksums)
        return Submission(
            items: [Submission.Item(record: record, staged: staged)],
            package: PackageSummary(id: package, displayName: package.name))
    }

    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        guard var url = URLReference.normalized(base) else { throw SaveError.invalid("remote_url", "remote_url: not a URL") }
        if url.utf8.last != UInt8(ascii: "/") { url += "/" }
        switch target {
        case .index(.root): return UpstreamRequest(url: url, maxSize: 64 << 20)
        case .index(.package(let package)): return UpstreamRequest(url: "\(url)\(package)/", maxSize: 16 << 20)
        case .probe(attempt: 0): return UpstreamRequest(url: url, accept: "text/plain", maxSize: 1 << 20, resolvedBase: url)
        default: throw SaveError.unsupported("this")
        }
    }

    public func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        guard let type = document.contentType, MediaType(type).essence == MediaType.text.essence,
            let text = String(validating: document.bytes, as: UTF8.self)
        else { throw SaveError(.upstreamInvalid, "the upstream's answer is not a list in plain text") }
        let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
        guard let package = index.package else {
            let packages = lines.compactMap { $0.first.flatMap { self.package(named: String($0)) } }
            return Listing(packages: PackageList(packages.map { PackageSummary(id: $0, displayName: $0.name) }))
        }
        return Listing(assets: lines.compactMap { file(of: $0, in: package, at: document.url) })
    }

    /// A line of a package's page; nil for one that makes no sense.
    private func file(of fields: [Substring], in package: PackageID, at page: String) -> AssetRecord? {
        guard fields.count == 3, let sha256 = Checksum(.sha256, hex: String(fields[1])), let size = Int64(fields[2]),
            let name = try? RequestPath(decoding: Array("/\(fields[0])".utf8)[...]).segments.first,
            let path = try? AssetPath("\(package)/\(name)"), let origin = URLReference.resolve(String(fields[0]), against: page)
        else { return nil }
        return AssetRecord(path: path, package: package, version: name, size: size, checksums: [sha256], origin: origin)
    }

    private func reading(_ request: FormatRequest, _ route: Route) throws -> Route {
        guard request.method.isRead else { throw notAllowed("GET, HEAD") }
        return route
    }

    private func package(_ name: String) throws -> PackageID {
        guard let package = package(named: name) else { throw SaveError(.packageNotFound, "there is no such package") }
        return package
    }

    private func notAllowed(_ methods: String) -> SaveError {
        SaveError(.methodNotAllowed, "this URL answers \(methods) only", details: ["allow": methods])
    }
}

extension TemplateFormat: PackageNaming {
    /// Names have letters, digits and dashes; large letters are small ones.
    public func package(named name: String) -> PackageID? {
        let bytes = name.utf8.map(ASCII.lowercased)
        guard !bytes.isEmpty, bytes.count <= 64, bytes.first != UInt8(ascii: "-"),
            bytes.allSatisfy({ ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") })
        else { return nil }
        return PackageID(normalized: String(decoding: bytes, as: UTF8.self))
    }
}
