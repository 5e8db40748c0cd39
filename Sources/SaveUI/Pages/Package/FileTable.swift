internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform

/// Files with what tells whether they are the right ones.
struct FileTable {
    private static let rows = 200
    let view: PackageView

    func html(_ files: [PackageFacts.File], _ call: PageCall) -> HTML {
        guard !files.isEmpty else { return "<p>There is no file yet.</p>" }
        let rows = files.prefix(Self.rows).map { file -> [HTML] in
            [
                "<span>\(file.name)</span>\(digests(file))", state(file), "\(Figures.size(file.size))",
                Parts.time(file.published, now: call.now),
            ]
        }
        let rest: HTML =
            files.count > Self.rows
            ? "<p>\(Figures.count(files.count - Self.rows)) more: open a version to see its files.</p>" : ""
        return "\(Parts.table(["File", "State", "Size#", "Published"], rows))\(rest)"
    }

    private func digests(_ file: PackageFacts.File) -> HTML {
        guard let digest = file.digest else { return "" }
        return "<br><span class=\"faint small\">\(digest.algorithm.rawValue) <code class=\"digest\">\(digest.hex)</code></span>"
    }

    private func state(_ file: PackageFacts.File) -> HTML {
        let why: HTML = file.reason.map { " <span class=\"small\">\($0)</span>" } ?? ""
        switch file.state {
        case "blocked": return "\(Parts.badge("refused", .bad))\(why)"
        case "offered" where file.yanked:
            return "\(Parts.badge("yanked", .warn)) <span class=\"small\">\(file.yankedReason ?? "")</span>"
        case "offered": return "\(Parts.badge("allowed", .ok))\(file.isStored ? " \(Parts.badge("kept here"))" as HTML : "")"
        default: return "\(Parts.badge(file.state))\(why)"
        }
    }
}
