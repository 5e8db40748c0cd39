internal import SavePlatform

/// The packages of an upstream's root index, each once under its normalized name.
struct UpstreamPackages {
    private var seen: Set<PackageID> = []
    private var packages: [PackageSummary] = []

    mutating func add(_ name: String) {
        guard let id = ProjectName.normalized(name), seen.insert(id).inserted else { return }
        packages.append(PackageSummary(id: id, displayName: name))
    }

    var listing: Listing { Listing(packages: packages) }
}
