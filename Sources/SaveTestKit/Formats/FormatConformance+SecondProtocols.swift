internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The rules of `PackageNaming`, `PackageVersioning`, `ClientSigningIn`, `PackagePolicy` and `DirectoryImporting`.
extension FormatConformance {
    func naming(_ format: any RepositoryFormat) -> [String] {
        guard let naming = format as? any PackageNaming else { return [] }
        var found: [String] = []
        let known = indexes.flatMap {
            [$0.key.package?.name].compactMap(\.self) + $0.listing.packages.flatMap { [$0.id.name, $0.displayName] }
        }
        for name in known where naming.package(named: name) == nil {
            found.append("'\(name)' is no name, but there is such a package")
        }
        let hostile = [
            "", " ", ".", "..", "/", "a/b", "a\\b", "a\0b", "a\nb", "\r\n", "%2e", "\u{202E}", "\u{212A}", "\u{1F4A9}", "é",
            "e\u{301}", "-",
            String(repeating: "a", count: 100_000),
        ]
        let spellings = known + known.map { $0.uppercased() }
        for name in spellings + hostile {
            guard let package = naming.package(named: name) else { continue }
            let shown = name.prefix(40)
            if naming.package(named: name) != package { found.append("'\(shown)' has two keys") }
            if naming.package(named: package.name) != package {
                found.append("'\(shown)' has the key '\(package)', which has another")
            }
            // It becomes a part of URLs and of paths.
            if (try? AssetPath(package.name)) == nil {
                found.append("'\(shown)' has the key '\(package.name.prefix(40))', which cannot stand in a path")
            }
        }
        return found
    }

    func versioning(_ format: any RepositoryFormat) -> [String] {
        guard let versioning = format as? any PackageVersioning else { return [] }
        var found: [String] = []
        let names = [Swift.type(of: versioning).ecosystem, Swift.type(of: versioning).purlType]
        if names.contains(where: { $0.isEmpty || $0.contains(":") }) { found.append("its ecosystem has no name") }
        if versions.count < 2 { found.append("no versions are given in their order") }
        let written = versions.joined()
        for version in written where versioning.sortKey(of: version) == nil { found.append("'\(version)' is no version") }
        let keys = versions.map { $0.compactMap(versioning.sortKey) }
        for (spellings, keys) in zip(versions, keys) where Set(keys).count > 1 {
            found.append("\(spellings) are equal and have different keys")
        }
        for index in keys.indices.dropFirst() {
            guard let low = keys[index - 1].first, let high = keys[index].first else { continue }
            if !low.lexicographicallyPrecedes(high) {
                found.append("\(versions[index - 1]) does not come before \(versions[index])")
            }
        }
        let hostile = [
            "", " ", ".", "-", "\0", "\r\n", "1\0", "latest", "\u{661}.0.0", "1.0.0\u{301}", "e\u{301}", "\u{1F4A9}",
            String(repeating: "1.", count: 50_000), String(repeating: "9", count: 100_000),
        ]
        for version in hostile where versioning.sortKey(of: version) != versioning.sortKey(of: version) {
            found.append("'\(version.prefix(40))' has two keys")
        }
        for version in hostile where versioning.sortKey(of: version).map({ $0.count > 1000 }) == true {
            found.append("'\(version.prefix(40))' has a key of more than 1000 bytes")
        }
        for range in hostile + Array(written) + ["no range at all", ">", "(((", "[1,2)", String(repeating: "<", count: 100_000)] {
            for version in hostile + [versions.first?.first ?? "1"] {
                let outcome = Outcome { try versioning.range(range, contains: version) }
                if outcome != Outcome({ try versioning.range(range, contains: version) }) {
                    found.append("'\(range.prefix(40))' has '\(version.prefix(40))' at one time only")
                }
                if case .failure(let code) = outcome, code != .invalidRequest {
                    found.append("'\(range.prefix(40))' throws what is not invalidRequest")
                }
            }
        }
        if (try? versioning.range("no range at all", contains: "1")) != nil { found.append("anything is a range") }
        return found
    }

    func signIns() -> [String] {
        guard let signing = type as? any ClientSigningIn.Type else { return [] }
        var found: [String] = []
        let methods: [HTTPMethod] = [.put, .post, .patch, .delete]
        for text in paths + Self.hostilePaths + uploads.map(\.path) {
            guard let path = try? RequestPath(decoding: Array(text.utf8)[...]) else { continue }
            for method in methods {
                let request = FormatRequest(method: method, path: path)
                let outcome = Outcome { try signing.signIn(request) }
                if outcome != Outcome(({ try signing.signIn(request) })) {
                    found.append("\(method.name) \(text): two answers differ")
                }
                switch outcome {
                case .failure("not_a_save_error"): found.append("\(method.name) \(text): throws what is no SaveError")
                case .value(.begin(let form)?):
                    let members = [form.nameMember, form.passwordMember].filter { !$0.isEmpty }
                    if Set(members).count != 2 || form.keyMember.isEmpty || form.answer[form.keyMember] != nil {
                        found.append("\(method.name) \(text): name, password and key have no members of their own")
                    }
                default: break
                }
            }
        }
        // What signs in goes nowhere else, so it would not be uploaded.
        for upload in uploads {
            guard let path = try? RequestPath(decoding: Array(upload.path.utf8)[...]) else { continue }
            let request = FormatRequest(method: upload.method, path: path, contentType: upload.contentType)
            if Outcome({ try signing.signIn(request) }) != .value(nil) {
                found.append("\(upload.method.name) \(upload.path): an upload signs in")
            }
        }
        return found
    }

    func governance(_ format: any RepositoryFormat) -> [String] {
        guard let governing = format as? any PackagePolicy else { return [] }
        var found: [String] = []
        do {
            _ = try governing.attributes([:], changedBy: ["no-such-attribute": 1])
            found.append("an unknown attribute of a package is accepted")
        } catch {
            let failure = error as? SaveError
            if failure?.code != .unknownField && failure?.code != .invalidRequest {
                found.append("an unknown attribute of a package throws \(error)")
            }
            if failure?.details["field"] != "no-such-attribute" { found.append("an unknown attribute of a package is not named") }
        }
        if (try? governing.checkDownload(from: [:])) == nil { found.append("a package without attributes gives no files") }
        if (try? governing.checkUpload([], to: [:])) == nil { found.append("a package without attributes takes no files") }
        return found
    }

    func imports(_ format: any RepositoryFormat) -> [String] {
        guard let importing = format as? any DirectoryImporting else { return [] }
        var found: [String] = []
        if !abilities.contains(.uploads) { found.append("imports without the ability to take uploads") }
        for text in ["README", "a/b/c.tar.gz", "\u{202E}.whl", "x.whl", ".zip", "CON"] {
            guard let path = try? AssetPath(text) else { continue }
            do {
                if try importing.upload(importing: path)?.path == nil, try importing.upload(importing: path) != nil {
                    found.append("importing \(text) has no path")
                }
            } catch {
                if (error as? SaveError)?.code != .invalidRequest { found.append("importing \(text) throws \(error)") }
            }
        }
        return found
    }
}

/// The rules of `PathDescribing`, `PackageNamespaces` and `Route.checksum`.
extension FormatConformance {
    func descriptions(_ format: any RepositoryFormat) async throws -> [String] {
        guard let describing = format as? any PathDescribing else { return [] }
        var found: [String] = []
        if !abilities.contains(.upstreamIndexes) { found.append("describes paths, and no index lists versions") }
        for upload in uploads {
            guard case .upload(let plan) = try? route(format, upload.method, upload.path) else { continue }
            let submission = try await format.receive(
                UploadRequest(plan: plan, contentType: upload.contentType, body: ByteStream(upload.body)), into: InMemoryStaging()
            )
            for item in submission.items {
                let (path, record) = (item.record.path, item.record)
                if describing.mayChange(path) != describing.mayChange(path) {
                    found.append("'\(path)': may change at one time only")
                }
                guard let described = describing.record(at: path) else { continue }
                if described.path != path || described.package != record.package || described.version != record.version {
                    found.append(
                        "'\(path)': is described as \(described.version ?? "nothing") of \(Self.shown(described.package))")
                }
                if let listed = describing.listedFile(for: path) {
                    if listed.package != record.package || listed.version != record.version {
                        found.append("'\(path)': '\(listed.path)' stands for its version and is of another")
                    }
                    if describing.listedFile(for: listed.path)?.path != listed.path {
                        found.append("'\(listed.path)': stands for a version, and another file stands for it")
                    }
                }
            }
        }
        for key in Set(indexes.map(\.key)) {
            let asked = describing.upstreamIndex(for: key)
            if asked.package != key.package { found.append("\(key.text): is made of an index of another package") }
            if describing.upstreamIndex(for: asked) != asked { found.append("\(asked.text): is made of yet another index") }
        }
        return found
    }

    private static func shown(_ package: PackageID?) -> String { package.map { "'\($0)'" } ?? "no package" }

    func namespaces(_ format: any RepositoryFormat) -> [String] {
        guard let naming = format as? any PackageNamespaces else { return [] }
        let packages = Set(indexes.compactMap(\.key.package))
        var found = packages.compactMap { package in
            let namespaces = naming.namespaces(of: package)
            return namespaces.contains { package.name.utf8.starts(with: $0.utf8) } || namespaces.isEmpty
                ? nil : "'\(package)' is in none of its namespaces"
        }
        if packages.allSatisfy({ naming.namespaces(of: $0).isEmpty }) { found.append("has namespaces, and no package is in one") }
        return found
    }

    /// A checksum that a path leads to is that of the file which another path leads to.
    func checksums(_ format: any RepositoryFormat) async throws -> [String] {
        var files: [AssetPath: String] = [:]
        var asked: [(path: String, file: AssetPath, algorithm: DigestAlgorithm)] = []
        for path in Set(paths + uploads.map(\.path)) {
            switch try? route(format, .get, path) {
            case .asset(let file, _): files[file] = path
            case .checksum(let file, let algorithm, _): asked.append((path, file, algorithm))
            default: break
            }
        }
        guard !asked.isEmpty else { return [] }
        let platform = try await InMemoryPlatform(type)
        try await platform.add("hosted", .hosted)
        var found = try await publish(to: platform, "hosted")
        var served = 0
        for (path, file, algorithm) in asked {
            guard let original = files[file] else { continue }
            let answer = await platform.send(.get, platform.path(of: "hosted") + original.drop { $0 == "/" })
            guard answer.status == 200 else { continue }
            let bytes = try await answer.body.stream().collect(limit: 64 << 20)
            let digest = try await self.answer(platform, "hosted", String(path.drop { $0 == "/" }))
            served += 1
            if digest.status != 200 || digest.text != Digest.hex(bytes, algorithm) {
                found.append("GET \(path): '\(digest.text)' is not the \(algorithm.rawValue) of \(original)")
            }
        }
        if served == 0 { found.append("has checksums, and no sample shows one") }
        return found
    }
}
