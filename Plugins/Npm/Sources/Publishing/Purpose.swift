internal import SavePlatform

/// What a request that changes something is for, as its path says it.
enum Purpose: Equatable {
    /// A version with its file, or notes on versions that are there.
    case publish
    case tag(String)
    case untag(String)
    /// The package as it should be, made from this revision of it.
    case revise(String)
    /// All of the package, as it was at this revision.
    case unpublish(String)
    case removeFile(String)
    /// A version from its file alone.
    case importing

    /// As it stands in a plan.
    var text: String {
        switch self {
        case .publish: "publish"
        case .tag(let tag): "tag \(tag)"
        case .untag(let tag): "untag \(tag)"
        case .revise(let revision): "revise \(revision)"
        case .unpublish(let revision): "unpublish \(revision)"
        case .removeFile(let file): "remove-file \(file)"
        case .importing: "import"
        }
    }

    init?(_ text: String) {
        let words = text.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
        let argument = words.count == 2 ? String(Substring(words[1])) : ""
        switch words.first.map({ String(Substring($0)) }) {
        case "publish": self = .publish
        case "tag": self = .tag(argument)
        case "untag": self = .untag(argument)
        case "revise": self = .revise(argument)
        case "unpublish": self = .unpublish(argument)
        case "remove-file": self = .removeFile(argument)
        case "import": self = .importing
        default: return nil
        }
    }
}
