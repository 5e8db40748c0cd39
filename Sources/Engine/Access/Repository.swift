package import SavePlatform
package import SaveStorage
internal import Synchronization

/// A repository with its format, ready to answer.
package final class Repository: Sendable {
    package let record: RepositoryRecord
    package let format: IsolatedFormat<any RepositoryFormat>
    package let descriptor: FormatDescriptor
    /// The upstream that the settings describe, for a proxy.
    package let upstream: UpstreamID
    /// The policies that count for its own files, in the order in which they are asked. What was made by others is made again, because
    /// it rests on another `Repository`.
    package let policies: [RepositoryPolicy]
    /// The same by the packages that they are about.
    package let selection: PolicySelection
    /// The policies of its scope, with those that count here for nothing.
    private let considered: [PolicyRecord]
    /// The same of waivers: when each was changed last.
    private let consideredWaivers: [Int64: Timestamp]

    /// - Parameters:
    ///   - upstream: that of another version of the record with the same upstream; nil where there is none.
    ///   - considered: what `policies` were made of.
    ///   - consideredWaivers: the same of their waivers: by their numbers, when each was changed last.
    package init(
        record: RepositoryRecord, format: IsolatedFormat<any RepositoryFormat>, descriptor: FormatDescriptor,
        upstream: UpstreamID? = nil, policies: [RepositoryPolicy] = [], considered: [PolicyRecord] = [],
        consideredWaivers: [Int64: Timestamp] = [:]
    ) {
        self.policies = policies
        selection = PolicySelection(policies)
        self.consideredWaivers = consideredWaivers
        self.considered = considered
        self.record = record
        self.format = format
        self.descriptor = descriptor
        self.upstream = upstream ?? .new(of: record.id)
    }

    /// Whether its policies were made of these.
    func isJudged(by records: [PolicyRecord], waivers: [Int64: Timestamp]) -> Bool {
        considered == records && consideredWaivers == waivers
    }

    /// Its waivers that did not change, by their numbers.
    ///
    /// - Parameter waivers: when each was changed last.
    func waivers(unchangedIn waivers: [Int64: Timestamp]) -> [Int64: RepositoryWaiver] {
        let unchanged = policies.lazy.flatMap(\.waivers).filter { waiver in
            waivers[waiver.id].map { $0 == self.consideredWaivers[waiver.id] } ?? false
        }
        return Dictionary(unchanged.map { ($0.id, $0) }) { first, _ in first }
    }

    /// The path from the host to the repository, with a slash at both ends, as Save writes it: below the format's mount where it
    /// has one.
    package var basePath: String { "/\(descriptor.root)/\(record.project)/\(record.name)/" }

    /// The largest file it takes, in bytes, where the server has a limit of its own.
    package func maxFileSize(_ limit: Int64?) -> Int64? { [record.hosted.maxFileSize, limit].compactMap(\.self).min() }
}

/// A policy as it counts for the files of one repository: its patterns in the spelling of that repository's format.
package struct RepositoryPolicy: Sendable, Equatable {
    package let record: PolicyRecord
    /// The packages that it is about, of which there may be none in this format; nil where it is about all files.
    package let packages: [String]?
    /// Seconds of `match.younger_than`; 0 where it has none.
    package let youngerThan: Int64
    /// Whether it tells versions of a package from each other.
    package let isAboutVersions: Bool
    /// `match.advisories` in small letters.
    package let advisoryNames: [String]
    /// The exceptions from it that were granted here; some may have ended since.
    package let waivers: [RepositoryWaiver]

    package init(_ record: PolicyRecord, packages: [String]?, waivers: [RepositoryWaiver] = []) {
        self.waivers = waivers
        self.record = record
        self.packages = packages
        youngerThan = record.match.youngerThanSeconds ?? 0
        advisoryNames = (record.match.advisories ?? []).map(ASCII.lowercased)
        isAboutVersions = record.match.versions != nil || record.match.asksAdvisories
    }
}

/// A granted waiver as it counts for the files of one repository: its package in the terms of that repository's format.
package struct RepositoryWaiver: Sendable, Equatable {
    /// The versions that it is about.
    package enum Versions: Sendable, Equatable {
        case all
        /// One, with what orders it where its format says so.
        case one(String, key: [UInt8]?)
        case range(String)
    }

    package let id: Int64
    package let package: PackageID
    package let versions: Versions
    /// The advisories that its policy does not look at; with none it is passed over as a whole.
    package let advisories: [String]
    /// From here on it does not count.
    package let until: Timestamp

    package init(id: Int64, package: PackageID, versions: Versions, advisories: [String] = [], until: Timestamp) {
        self.id = id
        self.package = package
        self.versions = versions
        self.advisories = advisories
        self.until = until
    }
}

/// A proxy's upstream as one version of its settings describes it.
///
/// What is remembered of an upstream, and what is on its way from it, belongs to one of these. Once the settings change there is
/// another one, of which nothing is known yet: what was asked of the upstream before is not taken for what this one says.
package struct UpstreamID: Hashable, Sendable {
    package let repository: Int64
    /// Another number for each version of the settings that decide what an upstream is asked and what its answers mean.
    private let version: UInt64
    /// Raised whenever everything that is remembered of the repository's upstream is forgotten (`UpstreamMemory.forget`).
    package var round: UInt64 = 0

    private static let last = Atomic<UInt64>(0)

    /// Another one than all before.
    package static func new(of repository: Int64) -> UpstreamID {
        UpstreamID(repository: repository, version: last.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    private init(repository: Int64, version: UInt64) {
        self.repository = repository
        self.version = version
    }
}

extension RepositoryRecord {
    /// Whether the repository's upstream is at the same place, with the same settings of the format, as in another version of
    /// the record. What was found there, and what came from there, is the same in both.
    package func hasSamePlace(as other: RepositoryRecord) -> Bool {
        proxy.remoteURL == other.proxy.remoteURL && settings == other.settings
    }

    /// Whether the upstream is also asked in the same way, as the same user, and its answers mean the same for as long.
    package func hasSameUpstream(as other: RepositoryRecord) -> Bool {
        var (own, others) = (proxy, other.proxy)
        // That is found out, and not set.
        own.resolvedURL = nil
        others.resolvedURL = nil
        return own == others && settings == other.settings
    }
}
