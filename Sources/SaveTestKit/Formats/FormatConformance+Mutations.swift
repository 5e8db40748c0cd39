internal import SavePlatform
internal import SaveServing

/// What is almost right: the format's own pages and uploads, damaged (`Mutations`).
///
/// A format that dies of one ends the test's process, which is a finding as well.
extension FormatConformance {
    /// Of each place, so many findings are told.
    private static let maxFindings = 3

    func damagedPages(_ format: any RepositoryFormat) -> [String] {
        guard abilities.contains(.upstreamIndexes) else { return [] }
        var found: [String] = []
        for (key, listing) in indexes where isReadUpstream(key, format) {
            for type in offers(of: key, format) {
                let context = RenderContext(basePath: "/x/project/repository/")
                guard let page = try? format.render(key, as: type, from: listing, context: context) else { continue }
                let faults = Mutations.of(page.bytes).compactMap { copy in
                    fault(in: copy.bytes, as: page.type, for: key, format).map { "\(key.text) as \(type), \(copy.what): \($0)" }
                }
                found += faults.prefix(Self.maxFindings)
            }
        }
        return found
    }

    /// What is wrong with the reading of an upstream's document.
    private func fault(in bytes: [UInt8], as type: MediaType, for key: IndexKey, _ format: any RepositoryFormat) -> String? {
        let document = UpstreamDocument(
            url: "https://save.example.com/x/project/repository/simple/x/", contentType: type.value, bytes: bytes)
        let listing: Listing
        do { listing = try format.listing(from: document, for: key) } catch {
            let code = (error as? SaveError)?.code
            return code == .upstreamInvalid || code == .packageNotFound ? nil : "throws \(error)"
        }
        for file in listing.assets {
            // Where a file is that the index does not place, follows from another document.
            let isPlaced = file.origin != nil || !(format is any FileLocating)
            if isPlaced, !Self.isPlain(file.origin) { return "the origin of '\(file.path)' is no http URL" }
            if let size = file.size, size < 0 { return "'\(file.path)' has \(size) bytes" }
            if let package = key.package, let other = file.package, other != package {
                return "'\(file.path)' is a file of '\(other)'"
            }
        }
        return nil
    }

    func damagedUploads(_ format: any RepositoryFormat) async -> [String] {
        var found: [String] = []
        for upload in uploads {
            guard case .upload(let plan) = try? route(format, upload.method, upload.path) else { continue }
            let copies = Mutations.of(upload.body).map { ($0.what, upload.contentType, $0.bytes) }
            let types = Self.strangeTypes.map { ("sent as '\($0 ?? "nothing")'", $0, upload.body) }
            var faults: [String] = []
            for (what, type, body) in copies + types where faults.count < Self.maxFindings {
                let request = UploadRequest(plan: plan, contentType: type, body: ByteStream(body, chunk: 100))
                if let fault = await fault(in: request, format) {
                    faults.append("\(upload.method.name) \(upload.path), \(what): \(fault)")
                }
            }
            found += faults
        }
        return found
    }

    private static let strangeTypes: [String?] = [
        nil, "", "x", "text/plain", "application/json", "application/json; charset=\"", "multipart/form-data",
        "multipart/form-data; boundary=", "multipart/form-data; boundary=\"", "multipart/form-data; boundary=x",
    ]

    /// What is wrong with the reading of an upload that was taken, or with the refusal of one that was not.
    private func fault(in upload: UploadRequest, _ format: any RepositoryFormat) async -> String? {
        let submission: Submission
        do { submission = try await format.receive(upload, into: InMemoryStaging()) } catch { return Self.fault(of: error) }
        for item in submission.items where item.record.package != submission.package?.id {
            let (file, package) = (item.record.package?.name ?? "none", submission.package?.id.name ?? "none")
            return "'\(item.record.path)' is a file of '\(file)' in an upload of '\(package)'"
        }
        if let answer = submission.answer, answer.type.isJSON, (try? JSONValue(parsing: answer.bytes)) == nil {
            return "the answer is not the JSON that it is said to be"
        }
        guard let change = submission.change else { return nil }
        do { _ = try change(Listing(assets: submission.items.map(\.record))) } catch { return Self.fault(of: error) }
        return nil
    }

    /// A client that sends nonsense is told so; that is no failure of the server.
    private static func fault(of error: any Error) -> String? {
        guard let error = error as? SaveError else { return "throws \(Swift.type(of: error)), which is no SaveError" }
        return ErrorResponder.status(of: error.code) < 500 ? nil : "throws \(error)"
    }

    // MARK: - Text

    private static let hostileText = "\"'><script>alert(1)</script>\\\n\u{202E}&amp;\u{7F}"

    /// Whatever publishers and upstreams wrote is text on a page.
    func hostileTexts(_ format: any RepositoryFormat) -> [String] {
        guard abilities.contains(.indexes) else { return [] }
        var found: [String] = []
        for (key, listing) in indexes {
            let hostile = Self.hostile(listing)
            for type in offers(of: key, format) {
                let place = "\(key.text) as \(type)"
                let page: Document
                do {
                    page = try format.render(
                        key, as: type, from: hostile, context: RenderContext(basePath: "/x/project/repository/"))
                } catch {
                    Self.fault(of: error).map { found.append("\(place): \($0)") }
                    continue
                }
                if page.type.isJSON, (try? JSONValue(parsing: page.bytes)) == nil {
                    found.append("\(place): text of others makes that it is no JSON")
                }
                if page.type.essence == MediaType.html.essence, String(decoding: page.bytes, as: UTF8.self).contains("<script>") {
                    found.append("\(place): text of others is markup")
                }
            }
        }
        return found
    }

    private static func hostile(_ listing: Listing) -> Listing {
        var listing = listing
        for place in listing.assets.indices {
            listing.assets[place].withdrawn = Withdrawal(reason: hostileText)
            listing.assets[place].attributes = hostile(listing.assets[place].attributes)
        }
        listing.attributes = hostile(listing.attributes)
        listing.packages = PackageList(listing.packages.map { PackageSummary(id: $0.id, displayName: hostileText) })
        return listing
    }

    private static func hostile(_ object: JSONObject) -> JSONObject {
        JSONObject(object.members.map { ($0.key, hostile($0.value)) })
    }

    private static func hostile(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string: .string(hostileText)
        case .array(let values): .array(values.map(hostile))
        case .object(let object): .object(hostile(object))
        case .null, .bool, .integer, .number: value
        }
    }
}
