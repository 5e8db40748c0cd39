internal import SavePlatform

/// What is rendered of an image, as the name of an index.
enum ImageIndex: Equatable {
    /// The tags: so many of them at most, those behind another.
    case tags(count: Int?, last: String?)
    /// The manifest that a tag names.
    case manifest(ImageTag)
    /// The manifests that say that they are about another one, of one type or of all.
    case referrers(ContentDigest, artifactType: String?)

    /// A name for the platform, read by `init`. What the query of a request says comes behind `?`.
    var text: String {
        switch self {
        case .tags(nil, nil): "tags"
        case .tags(let count, let last): "tags?\(count.map(String.init) ?? "")/\(last ?? "")"
        case .manifest(let tag): "manifest/\(tag.text)"
        case .referrers(let digest, let type): "referrers/\(digest.text)\(type.map { "?\($0)" } ?? "")"
        }
    }

    init?(_ text: String) {
        let (path, query) = Self.halves(of: text[...].utf8, at: "?")
        let (kind, what) = Self.halves(of: path, at: "/")
        switch String(Substring(kind)) {
        case "tags" where what == nil:
            guard let (count, last) = query.map({ Self.halves(of: $0, at: "/") }) else {
                self = .tags(count: nil, last: nil)
                return
            }
            self = .tags(
                count: Int(String(Substring(count))), last: last.flatMap { $0.isEmpty ? nil : String(Substring($0)) })
        case "manifest":
            guard query == nil, let tag = what.flatMap({ ImageTag(String(Substring($0))) }) else { return nil }
            self = .manifest(tag)
        case "referrers":
            guard let digest = what.flatMap({ ContentDigest(String(Substring($0))) }) else { return nil }
            self = .referrers(digest, artifactType: query.map { String(Substring($0)) })
        default: return nil
        }
    }

    /// What is before the first of a byte, and behind it.
    private static func halves(
        of text: Substring.UTF8View, at separator: Unicode.Scalar
    ) -> (Substring.UTF8View, Substring.UTF8View?) {
        guard let place = text.firstIndex(of: UInt8(ascii: separator)) else { return (text, nil) }
        return (text[..<place], text[place...].dropFirst())
    }

    func key(of image: ImageName) -> IndexKey { .custom(text, package: image.package) }
}
