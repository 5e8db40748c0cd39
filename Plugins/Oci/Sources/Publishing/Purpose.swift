internal import SavePlatform

/// What a change is for, as `UploadPlan.purpose` has it.
enum Purpose: Equatable {
    case blob
    /// A manifest, under its digest or under a tag.
    case manifest(tag: ImageTag?)
    /// A blob or a manifest goes.
    case removal(of: AssetPath)
    case untagging(ImageTag)

    var text: String {
        switch self {
        case .blob: "blob"
        case .manifest(let tag): tag.map { "manifest \($0.text)" } ?? "manifest"
        case .removal(let path): "remove \(path.text)"
        case .untagging(let tag): "untag \(tag.text)"
        }
    }

    /// What the audit trail calls a change that adds no file.
    var action: String? {
        switch self {
        case .blob, .manifest(tag: nil): nil
        case .manifest: "tag"
        case .removal: "retract"
        case .untagging: "untag"
        }
    }

    init?(_ text: String?) {
        let words = (text ?? "").utf8.split(separator: UInt8(ascii: " "), maxSplits: 1).map { String(Substring($0)) }
        switch (words.first, words.count) {
        case ("blob", 1): self = .blob
        case ("manifest", 1): self = .manifest(tag: nil)
        case ("manifest", 2):
            guard let tag = ImageTag(words[1]) else { return nil }
            self = .manifest(tag: tag)
        case ("remove", 2):
            guard let path = try? AssetPath(words[1]) else { return nil }
            self = .removal(of: path)
        case ("untag", 2):
            guard let tag = ImageTag(words[1]) else { return nil }
            self = .untagging(tag)
        default: return nil
        }
    }
}
