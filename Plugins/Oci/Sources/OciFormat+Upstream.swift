public import SaveDigest
public import SavePlatform

extension OciFormat {
    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        let registry = try RegistryURL(base)
        switch target {
        case .index(let index):
            guard let image = index.package.flatMap({ ImageName($0.name) }) else {
                throw SaveError.unsupported("lists of an upstream's images")
            }
            guard case .custom(let text, _) = index else { return registry.tags(of: image) }
            switch ImageIndex(text) {
            case .tags: return registry.tags(of: image)
            case .manifest(let tag): return registry.manifest(tag, of: image)
            case .referrers(let digest, _): return registry.referrers(of: digest, in: image)
            case nil: throw SaveError.unsupported("such indexes")
            }
        case .asset(let path):
            guard let request = registry.file(path) else { throw SaveError.unsupported("files that no digest names") }
            return request
        case .probe(attempt: 0):
            // Many registries answer their ping with 401 to everybody, and there is no second place where they could be.
            var request = UpstreamRequest(url: try URLReference.directory(base), maxSize: 1 << 16, resolvedBase: base)
            request.isCertain = true
            return request
        case .probe: throw SaveError.unsupported("other places")
        }
    }

    public func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        let image = UpstreamImage(document: document)
        guard case .custom(let text, _) = index, let what = ImageIndex(text) else { return try image.tags() }
        switch what {
        case .tags: return try image.tags()
        case .manifest(let tag): return try image.manifest(tag)
        case .referrers: return try image.referrers()
        }
    }
}

extension OciFormat: PathDescribing {
    /// The digest in the path is what arrives, or it is refused.
    public func record(at path: AssetPath) -> AssetRecord? {
        guard let parts = ImagePlace.parts(of: path) else { return nil }
        let version = parts.kind == "manifests" ? parts.digest.text : nil
        return AssetRecord(path: path, package: parts.image.package, version: version, checksums: [parts.digest.checksum])
    }

    public func listedFile(for path: AssetPath) -> AssetRecord? { record(at: path) }

    public func mayChange(_: AssetPath) -> Bool { false }

    /// Pages of tags are made of all tags, and referrers of one type of all referrers.
    public func upstreamIndex(for index: IndexKey) -> IndexKey {
        guard case .custom(let text, let package?) = index else { return index }
        switch ImageIndex(text) {
        case .tags: return .package(package)
        case .referrers(let digest, _): return .custom(ImageIndex.referrers(digest, artifactType: nil).text, package: package)
        case .manifest, nil: return index
        }
    }

    public func checksumFiles(of _: AssetPath) -> [(path: AssetPath, algorithm: DigestAlgorithm)] { [] }

    /// Lists of tags have no times.
    public func latestPublish(in _: Listing) -> Timestamp? { nil }

    /// Every file has its digest in its path.
    public var requiresChecksums: Bool { false }
}
