internal import SavePlatform

/// Takes a version out of what new builds may choose, or puts it back (Cargo Book, "Registry Web API", "Yank").
struct Yanking {
    let name: CrateName
    let version: String
    let isYanked: Bool

    private static let action = (yank: "yank", unyank: "unyank")

    init(name: CrateName, version: String, isYanked: Bool) {
        self.name = name
        self.version = version
        self.isYanked = isYanked
    }

    /// nil for a plan of something else.
    init?(_ plan: UploadPlan) {
        guard let version = plan.purpose, let name = plan.package.flatMap({ CrateName($0.name) }),
            plan.action == Self.action.yank || plan.action == Self.action.unyank
        else { return nil }
        self.init(name: name, version: version, isYanked: plan.action == Self.action.yank)
    }

    var plan: UploadPlan {
        UploadPlan(package: name.package, purpose: version, action: isYanked ? Self.action.yank : Self.action.unyank)
    }

    var submission: Submission {
        let (version, isYanked) = (version, isYanked)
        return Submission(items: [], package: PackageSummary(id: name.package, displayName: name.text)) { listing in
            guard var file = listing.assets.first(where: { $0.version.map { ASCII.isEqual($0, version) } ?? false }) else {
                throw SaveError(.packageNotFound, "there is no version '\(version)' of this crate: check the number")
            }
            guard (file.withdrawn != nil) != isYanked else { return PackageChange() }
            file.withdrawn = isYanked ? Withdrawal(reason: "") : nil
            return PackageChange(records: [file])
        }
    }
}
