internal import SaveDigest
public import SavePlatform

/// Files that come with a description in front of them, in one body, and can be withdrawn. For tests, and the second example of
/// `docs/writing-a-format.md`.
///
/// `/config.json` says where files are, `PUT /new` publishes, `/index/<name>` has a line of JSON for each version,
/// `/files/<name>/<version>` is a file, `DELETE /offer/<name>/<version>` withdraws it and `PUT` takes that back.
public struct ParcelsFormat: RepositoryFormat, PackageNaming {
    public static let descriptor = FormatDescriptor(
        id: "parcels", displayName: "Parcels",
        abilities: [.hosted, .group, .indexes, .uploads, .publicDocuments, .fixedSpellings, .bareKeys],
        refusals: .json(["errors": [["detail": "{message}"]]], success: ["ok": true]))

    public init(settings: JSONObject) throws { try Self.takeNone(of: settings) }

    /// Names that differ in `_` and `-`, or in capitals, are too alike to be two.
    public func package(named name: String) -> PackageID? {
        let key = ASCII.lowercased(name).utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
        return Self.isWord(name) ? PackageID(normalized: String(decoding: key, as: UTF8.self)) : nil
    }

    public func route(_ request: FormatRequest) throws -> Route {
        let words = request.path.segments
        if words == ["config.json"] {
            return try request.reading(.index(.document("config.json", isPublic: true), offers: [MediaType.json.given]))
        }
        if words == ["new"] {
            guard request.method == .put else { throw SaveError.methodNotAllowed("PUT") }
            return .upload(UploadPlan())
        }
        guard words.count > 1, let package = package(named: words[1]), words.allSatisfy(Self.isWord) else {
            throw SaveError(.notFound, "a Parcels repository has no such path")
        }
        switch (words[0], words.count) {
        case ("index", 2): return try request.reading(.index(.package(package), offers: [MediaType.text.given]))
        case ("files", 3): return try request.reading(.asset(try AssetPath("\(package)/\(words[2])"), package: package))
        case ("offer", 3):
            switch request.method {
            case .put: return .upload(UploadPlan(package: package, purpose: words[2], action: "offer"))
            case .delete: return .upload(UploadPlan(package: package, purpose: words[2], action: "withdraw"))
            default: throw SaveError.methodNotAllowed("DELETE, PUT")
            }
        default: throw SaveError(.notFound, "a Parcels repository has no such path")
        }
    }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        if case .document = index {
            let repository = (context.externalOrigin ?? "") + context.basePath
            return Document(type: type, bytes: JSONValue.object(["files": .string(repository + "files")]).bytes)
        }
        let lines = listing.assets.map { file in
            let line: JSONValue = [
                "version": JSONValue(file.version), "sha256": JSONValue(file.checksums[.sha256]?.hex),
                "withdrawn": .bool(file.withdrawn != nil),
            ]
            return line.text + "\n"
        }
        return Document(type: type, bytes: Array(lines.joined().utf8))
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        if let package = upload.plan.package { return change(package, upload.plan) }
        let parts = Parts(upload.body)
        guard let description = (try? JSONValue(parsing: try await parts.next().collect(limit: 64 << 10)))?.object else {
            throw SaveError.invalid("body", "body: begins with no description")
        }
        guard let name = description["name"]?.string, let package = package(named: name) else {
            throw SaveError.invalid("name", "name: is missing, or no name")
        }
        guard let version = description["version"]?.string, Self.isWord(version) else {
            throw SaveError.invalid("version", "version: is missing, or no version")
        }
        let staged = try await staging.stage(try await parts.next(), computing: [.sha256])
        guard try await parts.isAtEnd else { throw SaveError.invalid("body", "body: goes on after the file") }
        let record = AssetRecord(
            path: try AssetPath("\(package)/\(version)"), package: package, version: version, size: staged.size,
            checksums: staged.checksums)
        var submission = Submission(
            items: [Submission.Item(record: record, staged: staged)], package: PackageSummary(id: package, displayName: name))
        submission.action = description["as"]?.string
        let notes: [JSONValue] = description["text"] == nil ? ["text: there is none"] : []
        submission.answer = Document(type: .json, bytes: JSONValue.object(["notes": .array(notes)]).bytes)
        return submission
    }

    /// Withdraws a version, or offers it again.
    private func change(_ package: PackageID, _ plan: UploadPlan) -> Submission {
        let withdrawn = plan.action == "withdraw" ? Withdrawal(reason: "") : nil
        return Submission(items: [], package: PackageSummary(id: package, displayName: package.name)) { listing in
            guard var file = listing.assets.first(where: { $0.version == plan.purpose }) else {
                throw SaveError(.packageNotFound, "there is no such version: check the number")
            }
            file.withdrawn = withdrawn
            return PackageChange(records: [file])
        }
    }

    /// Letters, digits and a few signs: what is the same in a path, a URL and a line.
    private static func isWord(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: ".")
            && text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "-._+".utf8.contains($0) }
    }
}

/// The parts of a body, one after another: each is a length, four bytes with the lowest first, and so many bytes.
private actor Parts {
    private let body: ByteStream
    private var chunk: ArraySlice<UInt8> = []
    /// Bytes of the part that are still to come.
    private var left = 0

    init(_ body: ByteStream) { self.body = body }

    /// The next part, which is read to its end before the one after it.
    func next() async throws -> ByteStream {
        var length = 0
        for place in 0..<4 {
            guard try await fill(), let byte = chunk.popFirst() else { throw Self.tooShort }
            length |= Int(byte) << (8 * place)
        }
        left = length
        return ByteStream(length: Int64(length)) { try await self.piece() }
    }

    private func piece() async throws -> [UInt8]? {
        guard left > 0 else { return nil }
        guard try await fill() else { throw Self.tooShort }
        let piece = chunk.prefix(left)
        chunk = chunk.dropFirst(piece.count)
        left -= piece.count
        return Array(piece)
    }

    var isAtEnd: Bool {
        get async throws { try await !fill() }
    }

    private func fill() async throws -> Bool {
        while chunk.isEmpty {
            guard let bytes = try await body.next() else { return false }
            chunk = bytes[...]
        }
        return true
    }

    private static let tooShort = SaveError.invalid("body", "body: ends before its parts do")
}
