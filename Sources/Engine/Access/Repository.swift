package import SavePlatform
package import SaveStorage

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

    /// - Parameter upstream: that of another version of the record with the same upstream; nil where there is none.
    package init(
        record: RepositoryRecord, format: IsolatedFormat<any RepositoryFormat>, descriptor: FormatDescriptor,
        upstream: UpstreamID? = nil, policies: [RepositoryPolicy] = []
    ) {
        self.policies = policies
        self.record = record
        self.format = format
        self.descriptor = descriptor
        self.upstream = upstream ?? .new(of: record.id)
    }

    /// Whether these are the policies that count for it.
    func isJudged(by records: [PolicyRecord]) -> Bool {
        policies.map(\.record) == records.filter { $0.applies(to: record) }
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
    package let packages: [NamePattern]?

    package init(_ record: PolicyRecord, packages: [NamePattern]?) {
        self.record = record
        self.packages = packages
    }
}
