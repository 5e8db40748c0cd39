internal import Foundation
public import SavePlatform

/// The Template, which does not come back from the place that the file `TEST_OF_SAVE_LOOP` names, as long as it names it.
public struct LoopingFormat: RepositoryFormat {
    public static let descriptor = FormatDescriptor(
        id: "looping", displayName: "Looping",
        abilities: [.hosted, .proxy, .group, .indexes, .uploads, .deletes, .upstreamIndexes])

    private let base: TemplateFormat

    public init(settings: JSONObject) throws {
        Self.pass("init")
        base = try TemplateFormat(settings: settings)
    }

    static func pass(_ place: String) {
        guard let path = getenv("TEST_OF_SAVE_LOOP") else { return }
        while (try? String(contentsOfFile: String(cString: path), encoding: .utf8)) == place {}
    }

    public func route(_ request: FormatRequest) throws -> Route {
        Self.pass("route")
        guard request.path.segments.first == "search", let words = request.query["q"] else { return try base.route(request) }
        return .index(.search(try SearchQuery(text: words, from: 0, size: 10)), offers: [.text])
    }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        Self.pass("render")
        guard index == .root else { return try base.render(index, as: type, from: listing, context: context) }
        // Two mebibytes, which is more than is held, unless somebody has to read it as a list.
        let names = listing.packages.map { "\($0.id)\n" }.joined()
        let pieces = DocumentPieces(retaining: 1) { place in
            if place > 1 { Self.pass("pieces") }
            guard place < 64 else { return nil }
            place += 1
            return place == 1 ? Array(names.utf8) : [UInt8](repeating: UInt8(ascii: "\n"), count: 32_768)
        }
        return Document(type: type, content: .pieces(pieces))
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        Self.pass("receive")
        var submission = try await base.receive(upload, into: staging)
        Self.pass("receive, later")
        try await submission.items[0].staged.inspect { _ in Self.pass("inspect") }
        // Files that come with a change are published first; this one comes with its own.
        submission.change = { listing in
            Self.pass("change")
            return PackageChange(attributes: ["files": .integer(Int64(listing.assets.count))])
        }
        return submission
    }

    public func upstreamRequest(for target: UpstreamTarget, base url: String) throws -> UpstreamRequest {
        Self.pass("upstreamRequest")
        return try base.upstreamRequest(for: target, base: url)
    }

    public func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        Self.pass("listing")
        return try base.listing(from: document, for: index)
    }
}

extension LoopingFormat: PackageNaming {
    public func package(named name: String) -> PackageID? {
        Self.pass("package(named:)")
        return base.package(named: name)
    }
}

extension LoopingFormat: PackagePolicy {
    public func attributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject {
        Self.pass("attributes")
        return change
    }

    public func fileAttributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject {
        Self.pass("fileAttributes")
        return change
    }

    public func checkUpload(_ items: [Submission.Item], to attributes: JSONObject) throws { Self.pass("checkUpload") }

    public func checkDownload(from attributes: JSONObject) throws { Self.pass("checkDownload") }
}

extension LoopingFormat: IndexEmbeddingFiles {
    public func documents(for index: IndexKey, in listing: Listing) throws -> [AssetPath] {
        Self.pass("documents")
        return []
    }
}

extension LoopingFormat: StreamedRootIndex {
    public func root(from file: FileBytes, url: String, contentType: String?) throws -> Listing {
        Self.pass("root")
        let bytes = try file.read(at: 0, count: Int(clamping: file.size))
        return try base.listing(from: UpstreamDocument(url: url, contentType: contentType, bytes: bytes), for: .root)
    }
}

extension LoopingFormat: EmbeddedMetadata {
    public func embeddedSidecar(of file: AssetRecord) -> AssetRecord? {
        Self.pass("embeddedSidecar")
        guard let path = try? AssetPath("\(file.path).note") else { return nil }
        return AssetRecord(path: path, package: file.package, sidecarOf: file.path)
    }

    public func file(ofSidecar path: AssetPath) -> AssetPath? {
        Self.pass("file(ofSidecar:)")
        return path.text.hasSuffix(".note") ? try? AssetPath(String(path.text.dropLast(5))) : nil
    }

    public func readSidecar(of file: AssetRecord, in bytes: FileBytes) throws -> [UInt8] {
        Self.pass("readSidecar")
        return try bytes.read(at: 0, count: 1)
    }

    public func announceSidecar(_ checksums: [Checksum]?, in file: inout AssetRecord) { Self.pass("announceSidecar") }
}

extension LoopingFormat: PackageSearching {
    public func searchText(of attributes: JSONObject) -> String {
        Self.pass("searchText")
        return ""
    }

    public func match(_ package: PackageSummary, in listing: Listing) -> PackageMatch? {
        Self.pass("match")
        return nil
    }
}
