package import SavePlatform

/// What a repository's format can do beyond what every format can.
extension Repository {
    /// The format, where people set attributes on its packages.
    package var governing: IsolatedFormat<any PackagePolicy>? { format.cast { $0 as? any PackagePolicy } }

    /// The format, where packages are searched for.
    package var searching: IsolatedFormat<any PackageSearching>? { format.cast { $0 as? any PackageSearching } }

    /// The format, where its upstreams have a document that says where things are.
    package var configuring: IsolatedFormat<any UpstreamConfigurationReading>? {
        format.cast { $0 as? any UpstreamConfigurationReading }
    }

    /// The format, where its packages have names.
    package var naming: IsolatedFormat<any PackageNaming>? { format.cast { $0 as? any PackageNaming } }

    /// The format, where its versions have an order.
    package var versioning: IsolatedFormat<any PackageVersioning>? { format.cast { $0 as? any PackageVersioning } }

    /// The format, where its files say which licence they are under.
    package var licensing: IsolatedFormat<any LicenseDeclaring>? { format.cast { $0 as? any LicenseDeclaring } }

    /// The format, where its files say what a release is.
    package var describing: IsolatedFormat<any ReleaseDescribing>? { format.cast { $0 as? any ReleaseDescribing } }
}
