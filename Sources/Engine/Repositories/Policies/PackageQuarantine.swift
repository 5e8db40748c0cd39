internal import SaveAccess
internal import SavePlatform

/// Packages that their format gives no files out of (`PackagePolicy.checkDownload`), as PyPI those in quarantine.
struct PackageQuarantine: FilePolicy {
    func verdicts(on package: PackageFacts) async throws -> FileVerdicts {
        guard package.id != nil, let format = package.repository.governing else { return .same(.allowed) }
        let attributes = package.attributes
        do {
            try await format.ask { try $0.checkDownload(from: attributes) }
            return .same(.allowed)
        } catch let error as SaveError where error.code == .blocked {
            return .same(.withheld(Withholding(by: "quarantined", error, presentation: .unchanged)))
        }
    }
}
