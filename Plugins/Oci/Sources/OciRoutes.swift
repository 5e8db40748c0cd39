internal import SavePlatform

/// What a request to a repository of images means (distribution-spec, "Endpoints").
struct OciRoutes {
    private let request: FormatRequest

    init(_ request: FormatRequest) { self.request = request }

    /// - Throws: `notFound`, `methodNotAllowed`, `invalidRequest` for a name or a digest that is none.
    func route() throws -> Route {
        let segments = request.path.segments
        guard segments.count > 1 else {
            guard segments.isEmpty || segments == ["_catalog"] else { throw Self.unknown }
            return try request.reading(.index(.root, offers: [MediaType.json.given]))
        }
        let (last, kind) = (segments[segments.count - 1], segments[segments.count - 2])
        switch (kind, last) {
        case ("blobs", "uploads"): return try begin(try image(segments.dropLast(2)))
        case ("blobs", _): return try blob(try digest(last), of: try image(segments.dropLast(2)))
        case ("manifests", _): return try manifest(last, of: try image(segments.dropLast(2)))
        case ("referrers", _): return try referrers(of: try digest(last), in: try image(segments.dropLast(2)))
        case ("tags", "list"): return try tags(of: try image(segments.dropLast(2)))
        case ("uploads", _) where segments.count > 3 && segments[segments.count - 3] == "blobs":
            return try session(last, of: try image(segments.dropLast(3)))
        default: throw Self.unknown
        }
    }

    // MARK: Blobs

    private func blob(_ digest: ContentDigest, of image: ImageName) throws -> Route {
        let path = try ImagePlace.blob(digest, of: image)
        switch request.method {
        case .get, .head: return .asset(path, package: image.package)
        case .delete: return .unpublish(removal(.removal(of: path), of: image))
        default: throw SaveError.methodNotAllowed("DELETE, GET, HEAD")
        }
    }

    /// A blob in one request, or the beginning of one in several, or one that is taken from another image.
    private func begin(_ image: ImageName) throws -> Route {
        guard request.method == .post else { throw SaveError.methodNotAllowed("POST") }
        if let text = request.query["digest"] { return .upload(try end(try digest(text), of: image)) }
        // "If a registry does not support cross-repository mounting or is unable to mount the requested blob, it SHOULD return a 202": also of what is no
        // digest, or no name of an image.
        guard let digest = request.query["mount"].flatMap(ContentDigest.init),
            let source = request.query["from"].flatMap({ ImageName($0) })
        else { return try step(.open, of: image) }
        return .session(
            UploadStep(
                .open, place: try ImagePlace.uploads(of: image), idField: "Docker-Upload-UUID",
                copying: "/v2/\(source.text)/blobs/\(digest.text)", as: try end(digest, of: image)))
    }

    private func session(_ id: String, of image: ImageName) throws -> Route {
        switch request.method {
        case .get, .head: return try step(.status(session: id), of: image)
        case .patch: return try step(.append(session: id), of: image)
        case .delete: return try step(.abandon(session: id), of: image)
        case .put: return .upload(try end(try request.query["digest"].map(digest), of: image, session: id))
        default: throw SaveError.methodNotAllowed("DELETE, GET, HEAD, PATCH, PUT")
        }
    }

    private func step(_ action: UploadStep.Action, of image: ImageName) throws -> Route {
        .session(UploadStep(action, place: try ImagePlace.uploads(of: image), idField: "Docker-Upload-UUID"))
    }

    private func end(_ digest: ContentDigest?, of image: ImageName, session: String? = nil) throws -> UploadPlan {
        let path = try digest.map { try ImagePlace.blob($0, of: image) }
        return UploadPlan(
            path: path, package: image.package, purpose: Purpose.blob.text, status: 201, session: session, location: path)
    }

    // MARK: Manifests

    private func manifest(_ reference: String, of image: ImageName) throws -> Route {
        if ContentDigest.isMeant(by: reference) { return try manifest(try digest(reference), of: image) }
        guard let tag = ImageTag(reference) else { throw Self.noTag(isRead: request.method.isRead) }
        switch request.method {
        case .get, .head: return .index(ImageIndex.manifest(tag).key(of: image), offers: [MediaType.json.given])
        case .put:
            let location = try AssetPath("\(image.text)/manifests/\(tag.text)")
            return .upload(
                UploadPlan(
                    package: image.package, purpose: Purpose.manifest(tag: tag).text, action: "tag", status: 201,
                    location: location))
        case .delete: return .unpublish(removal(.untagging(tag), of: image))
        default: throw SaveError.methodNotAllowed("DELETE, GET, HEAD, PUT")
        }
    }

    private func manifest(_ digest: ContentDigest, of image: ImageName) throws -> Route {
        let path = try ImagePlace.manifest(digest, of: image)
        switch request.method {
        case .get, .head: return .asset(path, package: image.package)
        case .put:
            return .upload(
                UploadPlan(
                    path: path, package: image.package, purpose: Purpose.manifest(tag: nil).text, status: 201, location: path))
        case .delete: return .unpublish(removal(.removal(of: path), of: image))
        default: throw SaveError.methodNotAllowed("DELETE, GET, HEAD, PUT")
        }
    }

    private func removal(_ purpose: Purpose, of image: ImageName) -> UploadPlan {
        UploadPlan(package: image.package, purpose: purpose.text, action: purpose.action, status: 202)
    }

    // MARK: Lists

    private func tags(of image: ImageName) throws -> Route {
        var count: Int?
        if let text = request.query["n"] {
            guard let number = Int(text), number >= 0, text.utf8.allSatisfy(ASCII.isDigit) else {
                throw SaveError.invalid("n", "n: must be a number of tags, 0 or more")
            }
            count = number
        }
        let last = request.query["last"].flatMap { $0.utf8.isEmpty ? nil : $0 }
        guard last.map({ ImageTag($0) != nil }) ?? true else { throw SaveError.invalid("last", "last: must be a tag") }
        return try request.reading(
            .index(ImageIndex.tags(count: count, last: last).key(of: image), offers: [MediaType.json.given]))
    }

    private func referrers(of digest: ContentDigest, in image: ImageName) throws -> Route {
        let type = request.query["artifactType"].flatMap { $0.utf8.isEmpty ? nil : $0 }
        guard type.map({ $0.utf8.count <= 255 }) ?? true else {
            throw SaveError.invalid("artifactType", "artifactType: no media type has more than 255 bytes")
        }
        return try request.reading(
            .index(ImageIndex.referrers(digest, artifactType: type).key(of: image), offers: [Referrers.type.given]))
    }

    // MARK: Names

    private func image(_ segments: ArraySlice<String>) throws -> ImageName {
        if let image = ImageName(segments) { return image }
        let why =
            "name: an image has a name of small letters and digits, with ., _ or - between them, in one segment or more: team/app"
        throw SaveError(
            request.method.isRead ? .notFound : .invalidRequest, why, details: ["field": "name", "code": "NAME_INVALID"])
    }

    private func digest(_ text: String) throws -> ContentDigest {
        if let digest = ContentDigest(text) { return digest }
        throw SaveError(
            .invalidRequest, "digest: \(ContentDigest.malformed)", details: ["field": "digest", "code": "DIGEST_INVALID"])
    }

    private static func noTag(isRead: Bool) -> SaveError {
        SaveError(
            isRead ? .notFound : .invalidRequest,
            "tag: 1 to 128 letters, digits, ., _ and -, and no . or - at the beginning",
            details: ["field": "tag", "code": isRead ? "MANIFEST_UNKNOWN" : "TAG_INVALID"])
    }

    private static let unknown = SaveError(
        .notFound,
        "a repository of images has no such path: it has <image>/manifests/<tag or digest>, <image>/blobs/<digest> and <image>/tags/list",
        details: ["code": "NAME_UNKNOWN"])
}
