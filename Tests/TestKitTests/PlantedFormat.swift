import SaveDigest
import SavePlatform

/// One mistake that is easily made, in a format that is right otherwise.
enum Mistake: CaseIterable {
    case none
    // In what an upstream says.
    case forcesAMember, addsWithoutCheck, failsInside, takesAnyURL, takesNegativeSizes, takesFilesOfOthers
    // In what a client sends.
    case letsErrorsThrough, countsCapitals, answersByHand, forgetsTheEnd
    // On pages.
    case writesJSONByHand, showsTextAsMarkup
    // In what URLs mean.
    case leadsToAnotherPackage, leadsToNoPackage

    /// Whether the process ends of it.
    var isDeadly: Bool { self == .forcesAMember || self == .addsWithoutCheck }
}

protocol MistakeName: Sendable {
    static var mistake: Mistake { get }
}

/// JSON documents: `PUT /` publishes, `/<name>` is the index of a package, as a page for people below it, `/<name>/<version>` a file.
struct PlantedFormat<Name: MistakeName>: RepositoryFormat, PackageNaming {
    static var descriptor: FormatDescriptor {
        FormatDescriptor(
            id: "planted", displayName: "Planted", abilities: [.hosted, .proxy, .group, .indexes, .uploads, .upstreamIndexes])
    }

    private var mistake: Mistake { Name.mistake }

    init(settings: JSONObject) throws { try Self.takeNone(of: settings) }

    func package(named name: String) -> PackageID? {
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") })
        else { return nil }
        return PackageID(normalized: ASCII.lowercased(name))
    }

    func route(_ request: FormatRequest) throws -> Route {
        let words = request.path.segments
        guard let name = words.first else {
            guard request.method == .put else { throw SaveError.methodNotAllowed("PUT") }
            return .upload(UploadPlan(status: 201))
        }
        guard let package = package(named: name), words.count <= 2 else { throw SaveError(.notFound, "no such path") }
        guard words.count == 2 else { return try request.reading(.index(.package(package), offers: [.json])) }
        if words[1] == "page" { return try request.reading(.index(.custom("page", package: package), offers: [.html])) }
        let owner =
            switch mistake {
            case .leadsToAnotherPackage: PackageID?(PackageID(normalized: "\(package)-files"))
            case .leadsToNoPackage: PackageID?.none
            default: PackageID?(package)
            }
        return try request.reading(.asset(try AssetPath("\(package)/\(words[1])"), package: owner))
    }

    // MARK: - Pages

    func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        if case .custom = index {
            let items = listing.assets.map { file in
                let note = file.attributes["note"]?.string ?? ""
                return
                    "<li>\(ASCII.htmlEscaped(file.path.filename)) \(mistake == .showsTextAsMarkup ? note : ASCII.htmlEscaped(note))"
            }
            return Document(type: type, bytes: Array("<!DOCTYPE html><ul>\(items.joined())</ul>".utf8))
        }
        let files = listing.assets.map { file -> JSONValue in
            [
                "url": .string(file.path.text), "size": JSONValue(file.size), "sha256": JSONValue(file.checksums[.sha256]?.hex),
                "note": file.attributes["note"] ?? .null,
            ]
        }
        let name = JSONValue(index.package?.name)
        guard mistake == .writesJSONByHand else {
            return Document(type: type, bytes: JSONValue.object(["name": name, "files": .array(files)]).bytes)
        }
        let texts = listing.assets.map { file in
            #"{"url":"\#(file.path)","size":\#(file.size ?? 0),"sha256":"\#(file.checksums[.sha256]?.hex ?? "")","note":"\#(file.attributes["note"]?.string ?? "")"}"#
        }
        return Document(type: type, bytes: Array(#"{"name":\#(name.text),"files":[\#(texts.joined(separator: ","))]}"#.utf8))
    }

    // MARK: - Upstreams

    func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        guard case .index(.package(let package)) = target else { throw SaveError.unsupported("such a request") }
        return UpstreamRequest(url: "\(try URLReference.directory(base))\(package)", maxSize: 1 << 20)
    }

    func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        guard case .package(let asked) = index else { throw SaveError.unsupported("such an index") }
        guard let object = (try? JSONValue(parsing: document.bytes))?.object else {
            throw SaveError(.upstreamInvalid, "the upstream's index is no JSON object: check remote_url")
        }
        guard let files = object["files"]?.array else {
            throw SaveError(mistake == .failsInside ? .internalFailure : .upstreamInvalid, "the upstream's index has no files")
        }
        let package = mistake == .takesFilesOfOthers ? object["name"]?.string.flatMap(package(named:)) : asked
        var total = 0
        return Listing(
            assets: files.compactMap { file in
                if mistake == .forcesAMember { _ = [file.object?["size"]?.integer].compactMap(\.self)[0] }
                guard let file = file.object, let url = file["url"]?.string, let path = try? AssetPath(url),
                    let digest = Checksum(.sha256, hex: file["sha256"]?.string ?? "")
                else { return nil }
                if mistake == .addsWithoutCheck { total += Int(file["size"]?.integer ?? 0) * 1024 }
                let size = file["size"]?.integer.flatMap { $0 >= 0 || mistake == .takesNegativeSizes ? $0 : nil }
                let origin =
                    mistake == .takesAnyURL && url.utf8.contains(UInt8(ascii: ":"))
                    ? url : URLReference.resolve(path.percentEncoded, against: document.url)
                return AssetRecord(
                    path: path, package: package, version: path.filename, size: size, checksums: [digest], origin: origin,
                    attributes: file["note"]?.string.map { ["note": .string($0)] } ?? [:])
            })
    }

    // MARK: - Uploads

    func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        let bytes = try await upload.body.collect(limit: 1 << 20)
        let value: JSONValue?
        if mistake == .letsErrorsThrough {
            value = try JSONValue(parsing: bytes)
        } else if mistake == .forgetsTheEnd, let end = bytes.lastIndex(of: UInt8(ascii: ",")) {
            value = (try? JSONValue(parsing: bytes)) ?? (try? JSONValue(parsing: Array(bytes[..<end]) + [UInt8(ascii: "}")]))
        } else {
            value = try? JSONValue(parsing: bytes)
        }
        guard let object = value?.object else { throw SaveError.invalid("body", "body: no JSON object") }
        guard let name = object["name"]?.string, let package = package(named: name) else {
            throw SaveError.invalid("name", "name: missing, or no name")
        }
        guard let version = object["version"]?.string, let path = try? AssetPath("\(package)/\(version)") else {
            throw SaveError.invalid("version", "version: missing, or none that can stand in a path")
        }
        let text = object["text"]?.string ?? ""
        let staged = try await staging.stage(ByteStream(Array(text.utf8)), computing: [.sha256])
        let owner = mistake == .countsCapitals ? PackageID(normalized: name) : package
        let record = AssetRecord(
            path: path, package: package, version: version, size: staged.size, checksums: staged.checksums,
            attributes: object["note"]?.string.map { ["note": .string($0)] } ?? [:])
        var submission = Submission(
            items: [Submission.Item(record: record, staged: staged)], package: PackageSummary(id: owner, displayName: name))
        let answer =
            mistake == .answersByHand ? #"{"stored":"\#(version)"}"# : JSONValue.object(["stored": .string(version)]).text
        submission.answer = Document(type: .json, bytes: Array(answer.utf8))
        return submission
    }
}
