public import SavePlatform
internal import SaveVersions

/// Cargo's registry protocol: a sparse index, crates, publishing, yanking, searching.
///
/// Sources: the Cargo Book, "Registry Index", "Registry Web API", "Registry Authentication", "Specifying Dependencies";
/// Semantic Versioning 2.0.0.
public struct CargoFormat: RepositoryFormat {
    public static let descriptor = FormatDescriptor(
        id: "cargo", displayName: "Cargo",
        abilities: [
            .hosted, .proxy, .group, .indexes, .uploads, .deletes, .upstreamIndexes, .permanentNames, .fixedSpellings, .bareKeys,
        ],
        refusals: .json(
            ["errors": [["detail": "{message}"]]], success: ["ok": true], challenge: "Cargo login_url=\"{repository}me\""))

    let ranges = VersionRangeMemo(key: { SemanticVersion(crate: $0)?.key }, read: Self.range)

    public init(settings: JSONObject) throws { try Self.takeNone(of: settings) }

    public func route(_ request: FormatRequest) throws -> Route { try CargoRoutes(request).route() }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        let repository = (context.externalOrigin ?? "") + context.basePath
        switch index {
        case CargoRoutes.configuration:
            return Document(
                type: type, bytes: RegistryConfiguration.document(of: repository, isPrivate: context.isPrivate).bytes)
        case CargoRoutes.me: return Document(type: type, bytes: Array(Self.signingIn(at: context.externalOrigin ?? "").utf8))
        case .search: return Document(type: type, bytes: Self.page(listing.found).bytes)
        case .custom: return Document(type: type, bytes: Self.owners(of: listing).bytes)
        default:
            let lines = listing.assets.compactMap { IndexLine($0)?.text }
            guard !lines.isEmpty else { throw CargoRoutes.noCrate }
            return Document(type: type, bytes: Array(lines.joined().utf8))
        }
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        if let change = Yanking(upload.plan) { return change.submission }
        if upload.plan.purpose == CrateImport.purpose { return try await CrateImport(upload: upload, staging: staging).receive() }
        return try await PublishReceiver(upload: upload, staging: staging).receive()
    }

    /// Cargo asks who owns a crate, and knows them by numbers. Here it is the publishers of its versions; who may publish is decided by the
    /// members of the project.
    private static func owners(of listing: Listing) -> JSONValue {
        var names: [String] = []
        for name in listing.assets.compactMap(\.publisher) where !names.contains(name) { names.append(name) }
        let users = names.enumerated().map { number, name -> JSONValue in
            ["id": .integer(Int64(number + 1)), "login": .string(name), "name": nil]
        }
        return ["users": .array(users)]
    }

    /// What the page says that `cargo login` sends people to.
    private static func signingIn(at server: String) -> String {
        """
        cargo login wants an API key of yours. Make one, and paste what stands in "key":

            curl -u NAME -H 'Content-Type: application/json' -d '{"description":"cargo"}' \(server)/api/v1/user/keys

        """
    }
}

extension CargoFormat: PackageNaming {
    public func package(named name: String) -> PackageID? { CrateName(name)?.package }
}
