internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Files of upstreams may come from these hosts only (`allowed_file_hosts`); also those that are here already.
struct AllowedFileHosts: FilePolicy {
    /// Empty for any host.
    private let hosts: [String]
    /// What most URLs on these hosts begin with: a page may list ten thousand, which need not be taken apart then.
    private let beginnings: [String]

    init(_ settings: ProxySettings) {
        hosts = settings.allowedFileHosts
        // An IPv6 address stands in brackets in a URL.
        beginnings = hosts.filter { !$0.utf8.contains(UInt8(ascii: ":")) }.flatMap { ["https://\($0)/", "http://\($0)/"] }
    }

    /// What no index lists is at `remote_url`: whether that may be asked is decided when it is (`UpstreamFile.request`).
    func verdicts(on package: PackageFacts) async throws -> FileVerdicts {
        guard !hosts.isEmpty, package.id != nil || package.repository.descriptor.abilities.contains(.upstreamIndexes) else {
            return .same(.allowed)
        }
        return .each { file in file.origin.flatMap(withholding).map { .withheld($0) } ?? .allowed }
    }

    /// Whether the operator names the host of a URL: no host is named where any may have files.
    func names(hostOf url: String) -> Bool { !hosts.isEmpty && withholding(from: url) == nil }

    /// Why nothing is taken from where `url` leads; nil where it is.
    func withholding(from url: String) -> Withholding? {
        guard !hosts.isEmpty, !beginnings.contains(where: { url.utf8.starts(with: $0.utf8) }) else { return nil }
        let host = URLOrigin(of: url)?.host ?? ""
        guard !hosts.contains(host) else { return nil }
        return Withholding(
            by: "allowed_file_hosts",
            SaveError(
                .blocked,
                "the upstream keeps this file on \(host), which allowed_file_hosts does not list: have an owner of the proxy add it"
            ), finding: "\(host) is not listed in allowed_file_hosts", presentation: .omitted)
    }
}
