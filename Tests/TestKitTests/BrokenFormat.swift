import FormatTemplate
import SavePlatform

/// One thing that is wrong with a format.
enum Fault: CaseIterable {
    case nothing, acceptsAnySetting, throwsAnything, renamesPackages, sendsAnotherType, losesFiles, asksAnyAddress
    case forgetsWhatSidecarsBelongTo, countsPieces, deletesNothing, linksToItself, acceptsAnyAttribute, importsWithoutReason
    case findsNothingElsewhere, signsInByUploading, misspellsAWord, namesAChangeBadly, countsInItsDocument
    case spellsNamesAnew
}

/// Tells a type what is wrong with it: a format is registered as a type.
protocol FaultName: Sendable {
    static var fault: Fault { get }
}

/// The Template, with something wrong with it.
struct BrokenFormat<Name: FaultName>: RepositoryFormat {
    static var descriptor: FormatDescriptor {
        FormatDescriptor(
            id: "broken", displayName: "Broken", abilities: TemplateFormat.descriptor.abilities.union(.publicDocuments),
            refusals: .json(
                ["error": Name.fault == .misspellsAWord ? "{mesage}" : "{message}"], codes: [.notFound: "nothing"],
                success: ["ok": true]))
    }

    private struct NotASaveError: Error {}
    private let template: TemplateFormat
    private var fault: Fault { Name.fault }

    init(settings: JSONObject) throws {
        template = try TemplateFormat(settings: Name.fault == .acceptsAnySetting ? [:] : settings)
    }

    func route(_ request: FormatRequest) throws -> Route {
        if fault == .throwsAnything, request.path.segments.contains("+") { throw NotASaveError() }
        if fault == .deletesNothing, request.method == .delete {
            throw SaveError(.methodNotAllowed, "no", details: ["allow": "GET, HEAD, PUT"])
        }
        if let text = request.query["find"], request.path.segments.isEmpty, request.method.isRead {
            return .index(.search(try SearchQuery(text: text, from: 0, size: 20)), offers: [.text])
        }
        if request.path.segments == ["config.json"] {
            return try request.reading(.index(.document("config.json", isPublic: true), offers: [.text]))
        }
        let route = try template.route(request)
        guard fault == .namesAChangeBadly, request.path.segments.first == "foo", case .upload(var plan) = route else {
            return route
        }
        plan.action = "auth.fail"
        return .upload(plan)
    }

    func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        if case .search = index {
            return Document(type: type, bytes: Array(listing.found.matches.map { "\($0.package.id)\n" }.joined().utf8))
        }
        if case .document = index {
            let kind = fault == .countsInItsDocument ? String(context.basePath.utf8.count) : "it"
            return Document(type: type, bytes: Array("\(kind) is at \(context.externalOrigin ?? "")\(context.basePath)".utf8))
        }
        var page = try template.render(index, as: type, from: listing, context: context)
        if fault == .sendsAnotherType { page.type = "text/plain" }
        if fault == .linksToItself { page.bytes += Array("# \(context.basePath)\n".utf8) }
        return page
    }

    func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        if fault == .spellsNamesAnew {
            var submission = try await template.receive(upload, into: staging)
            submission.package?.displayName = "other"
            return submission
        }
        guard fault == .countsPieces, let first = try await upload.body.next() else {
            return try await template.receive(upload, into: staging)
        }
        let rest = try await upload.body.collect(limit: 1 << 20)
        let whole = UploadRequest(plan: upload.plan, contentType: upload.contentType, body: ByteStream(first + rest))
        var submission = try await template.receive(whole, into: staging)
        submission.items[0].record.attributes["first"] = .integer(Int64(first.count))
        return submission
    }

    func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        if fault == .asksAnyAddress, base.hasPrefix("file:") { return UpstreamRequest(url: base, maxSize: 1) }
        if case .index(.search(let query)) = target {
            let root = try template.upstreamRequest(for: .index(.root), base: base)
            return UpstreamRequest(url: root.url + "?find=" + ASCII.percentEncoded(query.text), maxSize: root.maxSize)
        }
        return try template.upstreamRequest(for: target, base: base)
    }

    func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        if case .search = index {
            let packages = try template.listing(from: document, for: .root).packages
            let matches = fault == .findsNothingElsewhere ? [] : packages.map { PackageMatch(package: $0, attributes: [:]) }
            return Listing(found: FoundPackages(matches: matches, total: matches.count))
        }
        var listing = try template.listing(from: document, for: index)
        if fault == .losesFiles { listing.assets.removeAll { $0.path.text.contains("beta") } }
        return listing
    }
}

extension BrokenFormat: PackageNaming {
    func package(named name: String) -> PackageID? {
        guard let package = template.package(named: name), fault == .renamesPackages, package.name != name else {
            return template.package(named: name)
        }
        return PackageID(normalized: package.name + "A")
    }
}

extension BrokenFormat: PackagePolicy {
    func attributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject {
        guard let key = change.keys.first, fault != .acceptsAnyAttribute else { return change }
        throw SaveError(.unknownField, "there is no attribute '\(key)'", details: ["field": key])
    }
    func fileAttributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject {
        guard let key = change.keys.first else { return current }
        throw SaveError(.unknownField, "a version has no attribute '\(key)'", details: ["field": key])
    }
    func checkUpload(_ items: [Submission.Item], to attributes: JSONObject) throws {}
    func checkDownload(from attributes: JSONObject) throws {}
}

extension BrokenFormat: DirectoryImporting {
    func upload(importing file: AssetPath) throws -> UploadPlan? {
        if fault == .importsWithoutReason { throw NotASaveError() }
        return nil
    }
}

extension BrokenFormat: ClientSigningIn {
    static func signIn(_ request: FormatRequest) throws -> SignInStep? {
        guard Name.fault == .signsInByUploading, request.method == .put else { return nil }
        return .begin(SignInForm(nameMember: "name", passwordMember: "password", keyMember: "token"))
    }
}

extension BrokenFormat: PackageSearching {
    func searchText(of attributes: JSONObject) -> String { "" }
    func match(_ package: PackageSummary, in listing: Listing) -> PackageMatch? {
        PackageMatch(package: PackageSummary(id: package.id, displayName: package.id.name), attributes: [:])
    }
}

extension BrokenFormat: EmbeddedMetadata {
    func embeddedSidecar(of file: AssetRecord) -> AssetRecord? {
        guard fault == .forgetsWhatSidecarsBelongTo, file.path.text.contains("beta") else { return nil }
        return (try? AssetPath(file.path.text + ".note")).map { AssetRecord(path: $0, package: file.package) }
    }
    func file(ofSidecar path: AssetPath) -> AssetPath? { nil }
    func readSidecar(of file: AssetRecord, in bytes: FileBytes) throws -> [UInt8] {
        _ = try bytes.read(at: 0, count: 1)
        throw SaveError.invalid("body", "body: no note")
    }
    func announceSidecar(_ checksums: [Checksum]?, in file: inout AssetRecord) {}
}
