internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The package of a file. The platform asks the one that the file's URL leads to whether it gives out files, and a page shows the files whose
/// records name it: where the two differed, a file of a package in quarantine would be given out.
extension FormatConformance {
    func owners(_ format: any RepositoryFormat) async throws -> [String] {
        var owners: [AssetPath: PackageID?] = [:]
        var found: [String] = []
        for upload in uploads {
            guard case .upload(let plan) = try? route(format, upload.method, upload.path),
                let submission = try? await received(upload, format)
            else { continue }
            for record in submission.items.map(\.record) {
                owners[record.path] = record.package
                for other in [plan.package, submission.package?.id].compactMap(\.self) where other != record.package {
                    found.append(
                        "\(upload.method.name) \(upload.path): is about '\(other)' and has a file of \(Self.name(record.package))"
                    )
                }
            }
        }
        for (key, listing) in indexes {
            for record in listing.assets { owners[record.path] = record.package }
            for path in paths where isIndex(key, at: path, format) {
                found += misled(by: read(key, listing, at: path, format), format)
            }
        }
        for path in Set(paths + uploads.map(\.path)).sorted() {
            guard case .asset(let file, let package) = try? route(format, .get, path), let owner = owners[file], owner != package
            else { continue }
            found.append("GET \(path): leads to \(Self.name(package)), and the record says \(Self.name(owner))")
        }
        return found
    }

    private static let site = "https://save.example.com/x/project/repository"

    private func isIndex(_ key: IndexKey, at path: String, _ format: any RepositoryFormat) -> Bool {
        guard case .index(key, _) = try? route(format, .get, path) else { return false }
        return true
    }

    /// The files of a page, with the URLs that a client finds on it.
    private func read(_ key: IndexKey, _ listing: Listing, at path: String, _ format: any RepositoryFormat) -> [AssetRecord] {
        offers(of: key, format).flatMap { type -> [AssetRecord] in
            let context = RenderContext(basePath: "/x/project/repository/")
            guard let page = try? format.render(key, as: type, from: listing, context: context) else { return [] }
            let document = UpstreamDocument(
                url: Self.site + path, contentType: page.type.value, bytes: page.bytes, configuration: configuration(format))
            return (try? format.listing(from: document, for: key).assets) ?? []
        }
    }

    /// What is wrong with the links to files.
    private func misled(by files: [AssetRecord], _ format: any RepositoryFormat) -> [String] {
        files.compactMap { file in
            guard let origin = file.origin, origin.utf8.starts(with: Self.site.utf8) else { return nil }
            let path = String(Substring(origin.utf8.dropFirst(Self.site.utf8.count)))
            guard case .asset(file.path, let package) = try? route(format, .get, path), package != file.package else {
                return nil
            }
            return "GET \(path): leads to \(Self.name(package)), and its page says \(Self.name(file.package))"
        }
    }

    private static func name(_ package: PackageID?) -> String { package.map { "'\($0)'" } ?? "no package" }
}

/// How publishers write the names of packages.
extension FormatConformance {
    /// The upload under other names, each with the name.
    private static func respellings(of upload: SampleUpload, _ name: String) -> [(String, SampleUpload)] {
        if let (other, body) = upload.respelled {
            return [(other, SampleUpload(upload.method, upload.path, contentType: upload.contentType, body: body))]
        }
        return spellings(of: name).map { ($0, upload.replacing(name, with: $0)) }
    }

    /// The name that a submission gives its package is one of the package's, and where the first spelling stays, another one gets
    /// as far as the platform, which refuses it.
    func spellings(_ format: any RepositoryFormat) async throws -> [String] {
        guard let naming = format as? any PackageNaming else {
            return abilities.contains(.fixedSpellings) ? ["claims fixed spellings, and its packages have no names"] : []
        }
        var found: [String] = []
        var hasOther = false
        for (index, upload) in uploads.enumerated() {
            guard let submission = try? await received(upload, format), let package = submission.package else { continue }
            let place = "\(upload.method.name) \(upload.path)"
            if naming.package(named: package.displayName) != package.id {
                found.append("\(place): '\(package.displayName)' is no name of '\(package.id)'")
            }
            // What adds no file may be said of a package in any spelling.
            guard abilities.contains(.fixedSpellings), !submission.items.isEmpty else { continue }
            for (other, again) in Self.respellings(of: upload, package.displayName)
            where naming.package(named: other) == package.id {
                guard let respelled = try? await received(again, format)?.package, respelled.id == package.id else { continue }
                hasOther = true
                let platform = try await InMemoryPlatform(type)
                try await platform.add("hosted", .hosted)
                for earlier in uploads[...index] { _ = await send(earlier, to: platform) }
                let answer = await send(again, to: platform)
                if answer.status != 409 {
                    found.append("\(place) as '\(other)': answers \(answer.status) \(try await text(answer))")
                }
                break
            }
        }
        if abilities.contains(.fixedSpellings), !hasOther {
            found.append("claims fixed spellings, and no upload has a name that can be spelled in another way")
        }
        return found
    }

    private func send(_ upload: SampleUpload, to platform: InMemoryPlatform) async -> HTTPResponse {
        await platform.send(
            upload.method, platform.path(of: "hosted") + upload.path.drop { $0 == "/" }, headers: headers(of: upload),
            body: ByteStream(upload.body))
    }

    /// What an upload turns out to contain; nil where its path leads to none.
    private func received(_ upload: SampleUpload, _ format: any RepositoryFormat) async throws -> Submission? {
        guard case .upload(let plan) = try route(format, upload.method, upload.path) else { return nil }
        return try await format.receive(
            UploadRequest(plan: plan, contentType: upload.contentType, body: ByteStream(upload.body)), into: InMemoryStaging())
    }

    /// Other spellings with as many bytes.
    private static func spellings(of name: String) -> [String] {
        let bytes = Array(name.utf8)
        let changes: [(UInt8) -> UInt8] = [
            { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }, { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 },
            ASCII.lowercased, { (97...122).contains($0) ? $0 & ~32 : $0 },
        ]
        return changes.map { String(decoding: bytes.map($0), as: UTF8.self) }.filter { $0 != name }
    }
}

extension SampleUpload {
    /// The same with another text of the same length in path and body.
    fileprivate func replacing(_ text: String, with other: String) -> SampleUpload {
        var body = body
        let (old, new) = (Array(text.utf8), Array(other.utf8))
        var start = 0
        while !old.isEmpty, start + old.count <= body.count {
            if body[start..<start + old.count].elementsEqual(old) { body.replaceSubrange(start..<start + old.count, with: new) }
            start += 1
        }
        return SampleUpload(method, path.replacing(text, with: other), contentType: contentType, body: body)
    }
}
