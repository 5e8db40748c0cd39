internal import SavePlatform

/// One page with the files of all packages, as `pip --find-links` reads them: there are no pages of packages below it.
///
/// Its place is remembered as a base with a fragment, which no request ever carries.
enum FlatPage {
    private static let mark = "#flat"

    /// What the page says as a root index: the packages of its wheels and archives, and where it is.
    static func root(_ files: [DistributionFilename], at url: String) -> Listing {
        var packages = UpstreamPackages()
        for file in files { packages.add(file.package.name) }
        var listing = packages.listing()
        let page = url.utf8.prefix { $0 != UInt8(ascii: "#") }
        listing.attributes[UpstreamRequest.resolvedBaseAttribute] = .string(String(Substring(page)) + mark)
        return listing
    }

    /// The page's URL, for a base that stands for a flat page.
    static func url(_ base: String) -> String? {
        base.utf8.suffix(mark.utf8.count).elementsEqual(mark.utf8) ? String(base.dropLast(mark.count)) : nil
    }
}
