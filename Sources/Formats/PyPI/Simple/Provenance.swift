internal import SavePlatform

/// The attestations of files (PEP 740): where a page says they are, and what is there.
///
/// An index of its own and not a file, because clients negotiate its type.
enum Provenance {
    private static let folder = "provenance/"

    static let none = SaveError(
        .assetNotFound, "no attestations came with this file: install it without, or publish it with some")

    /// The index that is the provenance of a file.
    static func index(_ package: PackageID, filename: String) -> IndexKey { .custom(folder + filename, package: package) }

    /// The file that an index is the provenance of; nil for other indexes.
    static func filename(_ index: IndexKey) -> String? {
        guard case .custom(let name, .some) = index, name.utf8.starts(with: folder.utf8) else { return nil }
        return String(Substring(name.utf8.dropFirst(folder.utf8.count)))
    }

    /// Where the provenance of a file is kept. Of one that is not listed, which a rule may keep off its page, that is asked for all
    /// the same: then the rule says why it is not given out.
    ///
    /// - Throws: `assetNotFound` where no attestations came with it.
    static func document(of filename: String, _ package: PackageID, in listing: Listing) throws -> AssetPath {
        let record = listing.assets.first { $0.path.filename.utf8.elementsEqual(filename.utf8) }
        if let record, record.attributes[PyPIAttribute.hasProvenance]?.bool == nil { throw none }
        guard let file = DistributionFilename(filename, of: package) else { throw none }
        return try PyPIPaths.provenance(of: filename, file)
    }

    /// The listing with the addresses of the provenance that is kept here. PEP 740 wants absolute https URLs: a server that
    /// knows no such URL of its own says nothing, nor does one of provenance that no reader would take.
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
