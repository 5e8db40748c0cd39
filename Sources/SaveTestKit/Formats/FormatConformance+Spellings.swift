internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// How publishers write the names of packages.
extension FormatConformance {
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
            for other in Self.spellings(of: package.displayName) where naming.package(named: other) == package.id {
                let again = upload.replacing(package.displayName, with: other)
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
