internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What a page shows of a file: text, or an image that cannot run. Whatever it is called, its bytes decide.
enum FilePreview {
    case text(String, isWhole: Bool)
    case markdown(Document)
    case image
    case none

    /// Bytes of a text that are shown, and of an image.
    static let maxText = 128 << 10
    static let maxImage: Int64 = 16 << 20

    /// - Parameter start: the first bytes of the file, `maxText` or all.
    init(_ start: [UInt8], of asset: StoredAsset) {
        if asset.size <= Self.maxImage, Self.imageType(of: start) != nil {
            self = .image
        } else if let text = Self.text(in: start, isWhole: Int64(start.count) == asset.size) {
            let isWhole = Int64(start.count) == asset.size
            let name = ASCII.lowercased(asset.record.path.filename).utf8
            let isMarkdown = name.suffix(3).elementsEqual(".md".utf8)
            self =
                isMarkdown && isWhole ? .markdown(Document(type: "text/markdown", bytes: start)) : .text(text, isWhole: isWhole)
        } else {
            self = .none
        }
    }

    /// The type of an image of points, which browsers never run; nil for everything else, SVG as well.
    static func imageType(of start: [UInt8]) -> String? {
        let types: [(String, [UInt8])] = [
            ("image/png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), ("image/jpeg", [0xFF, 0xD8, 0xFF]),
            ("image/gif", Array("GIF89a".utf8)), ("image/gif", Array("GIF87a".utf8)),
        ]
        if let known = types.first(where: { start.starts(with: $0.1) }) { return known.0 }
        let isWebP = start.starts(with: "RIFF".utf8) && start.dropFirst(8).starts(with: "WEBP".utf8)
        return isWebP ? "image/webp" : nil
    }

    /// nil for what is no UTF-8. A part may end within a character.
    private static func text(in start: [UInt8], isWhole: Bool) -> String? {
        guard !start.isEmpty, !start.contains(0) else { return nil }
        for cut in 0...(isWhole ? 0 : 3) {
            if let text = String(validating: start.dropLast(cut), as: UTF8.self) { return text }
        }
        return nil
    }
}
