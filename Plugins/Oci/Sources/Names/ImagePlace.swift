internal import SaveDigest
internal import SavePlatform

/// Where the files of an image are: their paths in the repository are those of their URLs.
enum ImagePlace {
    static func blob(_ digest: ContentDigest, of image: ImageName) throws -> AssetPath {
        try AssetPath("\(image.text)/blobs/\(digest.text)")
    }

    static func manifest(_ digest: ContentDigest, of image: ImageName) throws -> AssetPath {
        try AssetPath("\(image.text)/manifests/\(digest.text)")
    }

    /// The directory of unfinished uploads.
    static func uploads(of image: ImageName) throws -> AssetPath { try AssetPath("\(image.text)/blobs/uploads") }

    /// What the end of a path says: `blobs` or `manifests`, and the digest.
    static func parts(of path: AssetPath) -> (image: ImageName, kind: String, digest: ContentDigest)? {
        let segments = path.text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        guard segments.count > 2, let image = ImageName(segments.dropLast(2)),
            let digest = ContentDigest(segments[segments.count - 1])
        else { return nil }
        let kind = segments[segments.count - 2]
        return kind == "blobs" || kind == "manifests" ? (image, kind, digest) : nil
    }
}
