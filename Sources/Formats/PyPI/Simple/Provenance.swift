internal import SavePlatform

/// Where the attestations of files are, on a page (PEP 740).
enum Provenance {
    /// The listing with the addresses of the provenance that is kept here. PEP 740 wants absolute https URLs: a server that
    /// knows no such URL of its own says nothing.
    static func adding(to listing: Listing, _ context: RenderContext) -> Listing {
        guard let origin = context.externalOrigin, origin.utf8.starts(with: "https://".utf8),
            listing.assets.contains(where: { $0.attributes[PyPIAttribute.hasProvenance] == true })
        else { return listing }
        var listing = listing
        for index in listing.assets.indices where listing.assets[index].attributes[PyPIAttribute.hasProvenance] == true {
            let record = listing.assets[index]
            guard let package = record.package, let file = DistributionFilename(record.path.filename, of: package),
                let path = try? PyPIPaths.provenance(of: record.path.filename, file)
            else { continue }
            listing.assets[index].attributes[PyPIAttribute.provenance] = .string(
                origin + context.basePath + path.percentEncoded)
        }
        return listing
    }
}
