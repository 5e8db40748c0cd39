package import SavePlatform
package import SaveStorage

/// A repository with its format, ready to answer.
package final class Repository: Sendable {
    package let record: RepositoryRecord
    package let format: IsolatedFormat<any RepositoryFormat>
    package let descriptor: FormatDescriptor
    /// The upstream that the settings describe, for a proxy.
    package let upstream: UpstreamID

    /// - Parameter upstream: that of another version of the record with the same upstream; nil where there is none.
    package init(
        record: RepositoryRecord, format: IsolatedFormat<any RepositoryFormat>, descriptor: FormatDescriptor,
        upstream: UpstreamID? = nil
    ) {
        self.record = record
        self.format = format
        self.descriptor = descriptor
        self.upstream = upstream ?? .new(of: record.id)
    }

    /// The path from the host to the repository, with a slash at both ends, as Save writes it: below the format's mount where it
    /// has one.
    package var basePath: String { "/\(descriptor.root)/\(record.project)/\(record.name)/" }

    /// The largest file it takes, in bytes, where the server has a limit of its own.
    package func maxFileSize(_ limit: Int64?) -> Int64? { [record.hosted.maxFileSize, limit].compactMap(\.self).min() }
}
