internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform

/// Files with what tells whether they are the right ones.
struct FileTable {
    private static let rows = 200
    let view: PackageView

    func html(_ files: [PackageFacts.File], _ call: PageCall) -> HTML {
        guard !files.isEmpty else { return "<p>There is no file yet.</p>" }
        let start = min(max(0, call.asked("from").flatMap { Int($0) } ?? 0), files.count - 1)
        let rows = files.dropFirst(start).prefix(Self.rows).map { file -> [HTML] in
            [
                "<span>\(file.name)</span>\(digests(file))", state(file), "\(Figures.size(file.size))",
                Parts.time(file.published, now: call.now),
            ]
        }
        let next = start + Self.rows
        let url = view.link(call, further: [("from", String(next))])
        let rest: HTML =
            files.count > next
            ? "<nav class=\"pages\" aria-label=\"Pages\"><a rel=\"next\" href=\"\(url)\">\(Figures.count(files.count - next)) more</a></nav>"
            : ""
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
