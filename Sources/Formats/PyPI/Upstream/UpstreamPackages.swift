internal import SavePlatform

/// The packages of an upstream's root index, each once under its normalized name.
struct UpstreamPackages {
    private var packages = PackageList.Builder()

    mutating func add(_ name: String, serial: Int64? = nil) {
        guard let id = ProjectName.normalized(name) else { return }
        packages.add(PackageSummary(id: id, displayName: name, serial: serial))
    }

    consuming func listing(serial: Int64? = nil) -> Listing { Listing(packages: packages.list(), serial: serial) }
}
