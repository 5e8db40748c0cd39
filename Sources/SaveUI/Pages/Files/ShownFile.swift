internal import SaveAccess
internal import SaveAudit
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// One file on a page: what it is, and as much of it as can be shown without running it. Clients get it by the same rules.
struct ShownFile {
    let repository: Repository
    /// The hosted or proxy repository that has it.
    let holder: Repository
    let asset: StoredAsset

    private var path: AssetPath { asset.record.path }

    func page(_ call: PageCall) async throws -> PageAnswer {
        PageAnswer(
            "\(path.filename) in \(repository.record.coordinates)", section: .repositories,
            main: """
                \(FileCrumbs.html(path.text, in: repository, call))
                <div class="head"><h1>\(path.filename)</h1></div>
                \(Parts.copy(command(call)))
                <div class="two"><section aria-label="Preview">
                \(try await preview(call))
                </section>
                <aside aria-label="Facts">\(Parts.facts(facts(call)))</aside></div>
                """)
    }

    private func command(_ call: PageCall) -> String {
        let url = call.origin + repository.basePath + path.percentEncoded
        let name = call.viewer.name.map(Words.quoted) ?? "NAME"
        return "curl -fsSO \(repository.record.anonymousRead ? "" : "-u \(name) ")\(Words.quoted(url))"
    }

    private func facts(_ call: PageCall) -> [(name: String, value: HTML)] {
        var facts: [(name: String, value: HTML)] = [("Size", "\(Figures.size(asset.size))")]
        facts.append(("Since", Parts.time(asset.created, now: call.now)))
        if call.session != nil, let publisher = asset.uploadedBy { facts.append(("By", "\(publisher)")) }
        if let type = asset.record.contentType { facts.append(("Type", "\(type)")) }
        if holder !== repository {
            facts.append(("Comes from", "<a href=\"\(call.links.repository(holder))\">\(holder.record.coordinates)</a>"))
        }
        facts.append(("SHA-256", "<code class=\"digest\">\(asset.blob.hex)</code>"))
        facts.append(("Download", "<a class=\"button\" href=\"\(link(call, "download"))\" download>Download</a>"))
        return facts
    }

    private func link(_ call: PageCall, _ content: String) -> String {
        call.links.package(path.text, in: repository, [("content", content)])
    }

    // MARK: - Its bytes

    /// As clients get it.
    private func blob(_ call: PageCall) async throws -> Blob {
        guard let blob = try await call.context.administration.blob(of: path, asset.record.package, in: holder) else {
            throw SaveError(.notFound, "there is no such file here any more: look at its directory")
        }
        return blob
    }

    private func preview(_ call: PageCall) async throws -> HTML {
        let start: [UInt8]
        do {
            let blob = try await blob(call)
            start = try await blob.read(at: 0, count: FilePreview.maxText, pool: call.context.administration.pool)
        } catch let error as SaveError where error.code == .blocked || error.code == .forbidden {
            return Parts.notice(
                .warn, "<p><strong>This file is not given out.</strong> \(FailurePage.sentence(error.message))</p>")
        }
        switch FilePreview(start, of: asset) {
        case .text(let text, let isWhole):
            note(call, isWhole: isWhole)
            let rest: HTML =
                isWhole
                ? "" : "<p class=\"faint\">The first \(Figures.size(Int64(start.count))) of \(Figures.size(asset.size)).</p>"
            return "\(rest)<pre class=\"plain\" tabindex=\"0\">\(text)</pre>"
        case .markdown(let text):
            note(call, isWhole: true)
            return try await call.context.readmes.html(text)
        case .image: return "<p><img class=\"shown\" src=\"\(link(call, "image"))\" alt=\"\(path.filename)\"></p>"
        case .none: return "<p>There is no preview of such a file: it is neither text nor an image that browsers show.</p>"
        }
    }

    /// A file that was read on a page was given out, as one that was fetched.
    private func note(_ call: PageCall, isWhole: Bool) {
        note(HTTPResponse(status: isWhole ? 200 : 206), call)
    }

    private func note(_ response: HTTPResponse, _ call: PageCall) {
        let subject = DownloadSubject(asset.record, asked: repository, holder: holder)
        call.context.noteDownload(subject, response, call.viewer.principal, call.request)
    }

    func image(_ call: PageCall) async throws -> PageAnswer {
        let pool = call.context.administration.pool
        let blob = try await blob(call)
        let start = try await blob.read(at: 0, count: 16, pool: pool)
        guard asset.size <= FilePreview.maxImage, let type = FilePreview.imageType(of: start) else {
            throw SaveError(.notFound, "this file is no image that pages show: download it")
        }
        return answer(blob, type: type, disposition: "inline", call)
    }

    func download(_ call: PageCall) async throws -> PageAnswer {
        let name = ASCII.percentEncoded(path.filename)
        // RFC 6266, 4.3: what browsers call the file.
        return answer(
            try await blob(call), type: MediaType.bytes.value, disposition: "attachment; filename*=UTF-8''\(name)", call)
    }

    /// What publishers wrote never runs as a page: its type is one that is not run, and the policy lets nothing run.
    private func answer(_ blob: Blob, type: String, disposition: String, _ call: PageCall) -> PageAnswer {
        let response = HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": type, "Content-Disposition": disposition, "Content-Security-Policy": HTTPResponse.inertPolicy,
                "Cross-Origin-Resource-Policy": "same-origin",
            ], body: .stream(blob.stream(pool: call.context.administration.pool)))
        note(response, call)
        return PageAnswer(file: response)
    }
}
