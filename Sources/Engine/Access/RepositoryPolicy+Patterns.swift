package import SavePlatform
package import SaveStorage

/// How policies as they are written become those of one repository.
extension RepositoryPolicy {
    /// The policies that count for a repository, in the order in which they are asked.
    ///
    /// - Parameters:
    ///   - records: those that apply to it, in that order.
    ///   - waivers: those that were granted for its project.
    ///   - parsed: those of them, by their numbers, that are in the terms of the format already.
    static func all(
        of records: [PolicyRecord], waivers: [WaiverRecord] = [], parsed: [Int64: RepositoryWaiver] = [:],
        for repository: RepositoryRecord, _ format: IsolatedFormat<any RepositoryFormat>, _ descriptor: FormatDescriptor
    ) async throws -> [RepositoryPolicy] {
        let waivers = Dictionary(grouping: waivers, by: \.policy)
        var policies: [RepositoryPolicy] = []
        for record in records {
            guard try await unjudged(record.match, in: repository.kind, format, descriptor) == nil else { continue }
            let own = try await RepositoryWaiver.all(of: waivers[record.id] ?? [], parsed, repository.format, format)
            guard let written = record.match.packages else {
                policies.append(RepositoryPolicy(record, packages: nil, waivers: own))
                continue
            }
            let packages = try await patterns(written, repository.format, format)
            policies.append(RepositoryPolicy(record, packages: packages, waivers: own))
        }
        return policies
    }

    /// The member of a policy that cannot be judged in repositories of a kind, and why: what has it counts there for nothing.
    package static func unjudged(
        _ match: PolicyMatch, in kind: RepositoryKind, _ format: IsolatedFormat<any RepositoryFormat>,
        _ descriptor: FormatDescriptor
    ) async throws -> (member: String, why: String)? {
        if match.packages != nil, format.cast({ $0 as? any PackageNaming }) == nil {
            return ("packages", "files of the format \(descriptor.id) belong to no package")
        }
        if match.youngerThan != nil, kind == .proxy, !descriptor.abilities.contains(.upstreamIndexes) {
            return ("younger_than", "upstreams of the format \(descriptor.id) have no index that tells how old a file is")
        }
        if match.upstreamAnomaly != nil {
            guard kind == .proxy else { return ("upstream_anomaly", "hosted files come from no upstream") }
            guard descriptor.abilities.contains(.upstreamIndexes) else {
                return ("upstream_anomaly", "upstreams of the format \(descriptor.id) have no index that can be compared")
            }
        }
        if match.licenses != nil, format.cast({ $0 as? any LicenseDeclaring }) == nil {
            return ("licenses", "files of the format \(descriptor.id) do not say which licence they are under")
        }
        let versioning = format.cast { $0 as? any PackageVersioning }
        if let member = match.memberAboutAdvisories, versioning == nil {
            return (member, "no advisories are about files of the format \(descriptor.id)")
        }
        guard let range = match.versions else { return nil }
        guard let versioning else { return ("versions", "versions of the format \(descriptor.id) have no order") }
        do {
            _ = try await versioning.ask { try $0.range(range, contains: "0") }
            return nil
        } catch let error as SaveError where error.code == .invalidRequest {
            return ("versions", error.message)
        }
    }

    /// Patterns in the spelling of a format, without those that cover no name of it.
    package static func patterns(
        _ written: [String], _ id: String, _ format: IsolatedFormat<any RepositoryFormat>
    ) async throws -> [String] {
        guard let naming = format.cast({ $0 as? any PackageNaming }) else { return [] }
        return try await naming.ask { naming in
            // What is called `go` here is `golang` in the URL of a package.
            let types = [id] + [(naming as? any PackageVersioning).map { type(of: $0).purlType }].compactMap(\.self)
            return written.compactMap { pattern($0, types, naming)?.rawValue }
        }
    }

    /// - Parameters:
    ///   - written: a name or the beginning of names, or `*` for all; with `pkg:npm/` before it only of that format.
    ///   - types: what may stand there for the format.
    private static func pattern(_ written: String, _ types: [String], _ naming: any PackageNaming) -> NamePattern? {
        var text = written
        if written.utf8.starts(with: "pkg:".utf8) {
            guard let own = types.map({ "pkg:\($0)/" }).first(where: { written.utf8.starts(with: $0.utf8) }) else { return nil }
            text = String(Substring(written.utf8.dropFirst(own.utf8.count)))
        }
        return text == "*" ? NamePattern(rawValue: "*") : NamePattern(text, for: naming)
    }
}

extension RepositoryWaiver {
    /// Waivers in the terms of a format, without those of packages that it does not have.
    fileprivate static func all(
        of records: [WaiverRecord], _ parsed: [Int64: RepositoryWaiver], _ id: String,
        _ format: IsolatedFormat<any RepositoryFormat>
    ) async throws -> [RepositoryWaiver] {
        var waivers: [RepositoryWaiver] = []
        for record in records {
            if let known = parsed[record.id] {
                waivers.append(known)
                continue
            }
            do {
                guard let (package, versions) = try await subject(of: try PackageURL(record.package), id, format) else {
                    continue
                }
                waivers.append(
                    RepositoryWaiver(
                        id: record.id, package: package, versions: versions, advisories: record.advisories, until: record.until))
            } catch let error as SaveError where error.code == .invalidRequest {
                // It was a range for the format as it was then. Nothing is waived by what cannot be read.
            }
        }
        return waivers
    }

    /// The package and the versions of it that a URL is about; nil where its packages are not of the format.
    ///
    /// - Parameter id: the format's.
    /// - Throws: `invalidRequest` for what is no name, and neither a version nor a range.
    package static func subject(
        of url: PackageURL, _ id: String, _ format: IsolatedFormat<any RepositoryFormat>
    ) async throws -> (package: PackageID, versions: Versions)? {
        guard let naming = format.cast({ $0 as? any PackageNaming }) else { return nil }
        let versioning = format.cast { $0 as? any PackageVersioning }
        let ownType = try await versioning?.ask { type(of: $0).purlType } ?? id
        guard ASCII.isEqual(url.type, ownType) else { return nil }
        guard let package = try await naming.ask({ $0.package(named: url.name) }) else {
            throw SaveError(.invalidRequest, "'\(url.name)' is no name that a package of \(id) can have")
        }
        guard let text = url.version else {
            throw SaveError(
                .invalidRequest,
                "\(url) names no version: write one or a range behind an @, such as \(url)@1.0, or \(url)@* for all versions")
        }
        if text == "*" { return (package, .all) }
        guard let versioning else { return (package, .one(text, key: nil)) }
        return try await versioning.ask { format in
            if let key = format.sortKey(of: text) { return (package, .one(text, key: key)) }
            _ = try format.range(text, contains: "0")
            return (package, .range(text))
        }
    }
}

extension Repository {
    /// The same repository, as if these were the policies that apply to it.
    package func judged(by records: [PolicyRecord]) async throws -> Repository {
        Repository(
            record: record, format: format, descriptor: descriptor, upstream: upstream,
            policies: try await RepositoryPolicy.all(of: records, for: record, format, descriptor), considered: records)
    }
}

extension PolicyMatch {
    fileprivate var memberAboutAdvisories: String? {
        guard asksAdvisories else { return nil }
        if malware != nil { return "malware" }
        return minSeverity != nil ? "min_severity" : advisories != nil ? "advisories" : "exempt_fixes"
    }

    /// Seconds of `youngerThan`.
    package var youngerThanSeconds: Int64? { youngerThan.flatMap(Self.seconds) }

    private static let units: [UInt8: Int64] = [
        UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3600, UInt8(ascii: "d"): 86_400,
        UInt8(ascii: "w"): 604_800,
    ]
    /// Ten years.
    package static let maxSeconds: Int64 = 3650 * 86_400

    /// The seconds of a length of time such as `36h` or `7d`; nil for other text, for none at all and for more than ten years.
    package static func seconds(of text: String) -> Int64? {
        let digits = text.utf8.dropLast()
        guard let last = text.utf8.last, let unit = units[last], let first = digits.first, first != UInt8(ascii: "0"),
            digits.allSatisfy(ASCII.isDigit), let count = Int64(String(Substring(digits)))
        else { return nil }
        let (seconds, overflow) = count.multipliedReportingOverflow(by: unit)
        return overflow || seconds > maxSeconds ? nil : seconds
    }
}
