internal import SavePlatform
internal import SaveVersions

/// Reads a request that changes a package, whatever it is for.
struct ChangeReceiver {
    let name: PackageName
    let upload: UploadRequest
    let staging: any UploadStaging

    /// A version in quotes, in bytes.
    private static let maxVersionBytes = 1024

    /// - Throws: `invalidRequest` naming the member, `tooLarge`.
    func receive(_ purpose: Purpose) async throws -> Submission {
        switch purpose {
        case .publish: return try await PublishReceiver(name: name, upload: upload, staging: staging).receive()
        case .tag(let tag): return change(PackageEdits.tag(try PublishReceiver.tag(tag), as: try await version()))
        case .untag(let tag): return change(try PackageEdits.untag(tag))
        case .revise(let revision): return change(try PackageEdits.revise(try await document(), of: name, from: revision))
        case .unpublish(let revision): return change(PackageEdits.unpublish(name, at: revision))
        case .removeFile(let file): return change(PackageEdits.remove(file))
        case .importing: return try await TarballImport(upload: upload, staging: staging).receive()
        }
    }

    private func change(_ change: @escaping @Sendable (Listing) throws -> PackageChange) -> Submission {
        Submission(items: [], package: PackageSummary(id: name.package, displayName: name.text), change: change)
    }

    /// The body of a tag: a version as JSON text.
    private func version() async throws -> String {
        let bytes = try await upload.body.collect(limit: Self.maxVersionBytes)
        guard let text = (try? JSONValue(parsing: bytes))?.string, SemanticVersion(text) != nil else {
            throw SaveError.invalid("dist-tags", "dist-tags: the body must be a version in quotes")
        }
        return text
    }

    private func document() async throws -> JSONObject {
        let bytes = try await upload.body.collect(limit: PublishScanner.maxBytes)
        do {
            guard let object = try JSONValue(parsing: bytes).object else {
                throw SaveError(.invalidRequest, "the body must be a JSON object")
            }
            return object
        } catch let error as JSONError {
            throw SaveError(.invalidRequest, "the body is not JSON: \(error)")
        }
    }
}
