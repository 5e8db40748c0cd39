package import SaveDigest
package import SavePlatform

/// The smallest format with everything: `index` lists packages in lines, `index/<package>` lists `path size sha256` in lines, `files/<package>/<name>` are the files.
/// A file `<name>.box` ends in a note and four digits with its length; the note is served as `<name>.box.note`, and a line has
/// a fourth field where there is one, its digest or `?`. An upstream's line `sealed` seals the
/// package.
package struct LineFormat: RepositoryFormat, PackageNaming {
    package static let descriptor = FormatDescriptor(
        id: "line", displayName: "Lines",
        abilities: [.hosted, .proxy, .group, .indexes, .uploads, .deletes, .upstreamIndexes, .permanentNames])

    package init(settings: JSONObject) throws {
        if let key = settings.keys.first { throw SaveError(.unknownField, "unknown setting '\(key)'", details: ["field": key]) }
    }

    package func package(named name: String) -> PackageID? {
        let bytes = name.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : ASCII.lowercased($0) }
        guard bytes.allSatisfy({ ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }), bytes.last != UInt8(ascii: "-"),
            !bytes.isEmpty
        else { return nil }
        return PackageID(normalized: String(decoding: bytes, as: UTF8.self))
    }

    package func route(_ request: FormatRequest) throws -> Route {
        let segments = request.path.segments
        switch (segments.first, segments.count) {
        case ("index", 1): return .index(.root, offers: [.text])
        case ("index", 2): return .index(.package(PackageID(normalized: segments[1])), offers: [.text])
        case ("files", 3):
            let path = try AssetPath(segments.joined(separator: "/"))
            switch request.method {
            case .get, .head: return .asset(path, package: PackageID(normalized: segments[1]))
            case .put: return .upload(UploadPlan(path: path, status: 201))
            case .delete: return .delete(path)
            default: throw SaveError(.methodNotAllowed, "no", details: ["allow": "GET, HEAD, PUT, DELETE"])
            }
        default: throw SaveError(.notFound, "no such path")
        }
    }

    package func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        if index == .root {
            let packages = listing.packages
            let pieces = DocumentPieces(retaining: packages.byteCount) { place in
                let piece = packages.dropFirst(place).prefix(1000)
                place += piece.count
                return piece.isEmpty ? nil : Array(piece.map { "\($0.id)\n" }.joined().utf8)
            }
            return Document(type: type, content: .pieces(pieces))
        }
        let lines = listing.assets.map { asset in
            let note = asset.attributes["note"]?.string.map { " " + $0 } ?? ""
            return "\(asset.path) \(asset.size ?? -1) \(asset.checksums.first?.hex ?? "-")\(note)\n"
        }
        return Document(type: type, bytes: Array(lines.joined().utf8))
    }

    package func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        guard let path = upload.plan.path else { throw SaveError.invalid("path", "path: missing") }
        let staged = try await staging.stage(upload.body, computing: [.sha256])
        guard staged.size > 0 else { throw SaveError.invalid("body", "body: must not be empty") }
        let package = PackageID(normalized: String(path.text.split(separator: "/")[1]))
        return Submission(
            items: [
                .init(
                    record: AssetRecord(path: path, package: package, size: staged.size, checksums: staged.checksums),
                    staged: staged)
            ], package: PackageSummary(id: package, displayName: package.name))
    }

    package func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        if case .index(.root) = target { return UpstreamRequest(url: "\(base)index", maxSize: 8 << 20) }
        guard case .index(.package(let package)) = target else { throw SaveError.unsupported("this") }
        return UpstreamRequest(url: "\(base)index/\(package)", maxSize: 1 << 20)
    }

    package func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        let lines = String(decoding: document.bytes, as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ") }
        if index == .root {
            let names = lines.compactMap { $0.first.map(String.init) }
            return Listing(
                packages: PackageList(names.map { PackageSummary(id: PackageID(normalized: $0), displayName: $0) }))
        }
        return Listing(
            assets: try lines.filter { (3...4).contains($0.count) }.flatMap { fields in
                let path = try AssetPath(String(fields[0]))
                var file = AssetRecord(
                    path: path, package: index.package, size: Int64(fields[1]),
                    checksums: [Checksum(.sha256, hex: String(fields[2]))].compactMap(\.self),
                    origin: URLReference.resolve("../\(path)", against: document.url))
                guard fields.count == 4, var sidecar = embeddedSidecar(of: file) else { return [file] }
                file.attributes["note"] = .string(String(fields[3]))
                sidecar.checksums = [Checksum(.sha256, hex: String(fields[3]))].compactMap(\.self)
                sidecar.origin = file.origin.map { $0 + ".note" }
                return [file, sidecar]
            }, attributes: lines.contains { $0.elementsEqual(["sealed"]) } ? ["sealed": true] : [:])
    }
}

extension LineFormat: StreamedRootIndex {
    package func root(from file: FileBytes, url: String, contentType: String?) throws -> Listing {
        let bytes = try file.read(at: 0, count: Int(file.size))
        return try listing(from: UpstreamDocument(url: url, contentType: contentType, bytes: bytes), for: .root)
    }
}

/// A package can be closed for uploads, or sealed altogether.
extension LineFormat: PackagePolicy {
    package func attributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject { change }

    package func fileAttributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject {
        guard let key = change.keys.first else { return current }
        throw SaveError(.unknownField, "a version has no attribute '\(key)'", details: ["field": key])
    }

    package func checkUpload(_ items: [Submission.Item], to attributes: JSONObject) throws {
        if attributes["closed"] == true { throw SaveError(.blocked, "closed") }
    }

    package func checkDownload(from attributes: JSONObject) throws {
        if attributes["sealed"] == true { throw SaveError(.blocked, "sealed\nfor good") }
    }
}

extension LineFormat: EmbeddedMetadata {
    package func embeddedSidecar(of file: AssetRecord) -> AssetRecord? {
        guard file.path.text.hasSuffix(".box"), let path = try? AssetPath(file.path.text + ".note") else { return nil }
        return AssetRecord(path: path, package: file.package, sidecarOf: file.path)
    }

    package func file(ofSidecar path: AssetPath) -> AssetPath? {
        path.text.hasSuffix(".box.note") ? try? AssetPath(String(path.text.dropLast(5))) : nil
    }

    package func readSidecar(of file: AssetRecord, in bytes: FileBytes) throws -> [UInt8] {
        let digits = try bytes.read(at: bytes.size - 4, count: 4)
        guard let length = Int(String(decoding: digits, as: UTF8.self)), length > 0, Int64(length) <= bytes.size - 4 else {
            throw SaveError.invalid("body", "body: no note")
        }
        return try bytes.read(at: bytes.size - 4 - Int64(length), count: length)
    }

    package func announceSidecar(_ checksums: [Checksum]?, in file: inout AssetRecord) {
        file.attributes["note"] = checksums.map { .string($0.first?.hex ?? "?") }
    }
}
