// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // The engine's modules are there for readers, not for the compiler: small functions are made one with their callers across them.
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

/// A C library that Debian ships, wrapped in a module of its own below `Sources/CSystem`.
func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/CSystem/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// - Parameter testable: whether tests look at what the module does not show. A release build, which is what everything is
///   tested in, needs a flag for that.
func library(_ name: String, path: String, _ dependencies: [Target.Dependency] = [], testable: Bool = false) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path, exclude: ["README.md"],
        swiftSettings: testable ? settings + [.unsafeFlags(["-enable-testing"])] : settings)
}

/// The engine's modules, for those that are built on all of it.
let engine: [Target.Dependency] = [
    "SaveCaching", "SaveHTTP", "SaveStorage", "SaveAccess", "SaveAudit", "SaveAdvisories", "SaveRepositories", "SaveServing",
]

/// A module of the engine, `Save<Name>` in `Sources/Engine/<Name>`.
func engineModule(_ name: String, _ dependencies: [Target.Dependency], testable: Bool = false) -> Target {
    library(
        "Save\(name)", path: "Sources/Engine/\(name)", ["SavePlatform", "SaveCaching", "SaveDigest"] + dependencies,
        testable: testable)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: settings)
}

/// Tests of the engine's modules, with what they share.
func engineTests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    tests(name, ["SavePlatform", "SaveDigest", "SaveTestKit", "EngineTestKit"] + engine + dependencies)
}

/// A format of `Tests/Formats`.
func testFormat(_ name: String, _ readers: [Target.Dependency] = []) -> Target {
    .target(
        name: "Format\(name)", dependencies: ["SavePlatform"] + readers, path: "Tests/Formats/\(name)/Sources",
        swiftSettings: settings)
}

/// `SAVE_TESTS="FormatGoTests ReadersTests"` builds these suites and no others, for short turns while working on one part.
let chosenTests = Context.environment["SAVE_TESTS"]?.split(separator: " ").map(String.init)

/// The folders of `Plugins`.
let plugins = ["Cargo", "Go", "Maven", "Npm", "Oci", "Template"]

/// A format that lives in `Plugins`: `Sources/SaveServer/Formats.swift` compiles it in, or a server loads it at start
/// (docs/plugin-abi.md). Not a plugin of the build tool, which has such a folder as well.
func plugin(_ name: String) -> [Target] {
    let readers: [Target.Dependency] = [
        "SaveDigest", "SaveArchive", "SaveHTML", "SaveCompression", "SaveTOML", "SaveVersions", "SaveXML",
    ]
    return [
        library("Format\(name)", path: "Plugins/\(name)/Sources", ["SavePlatform"] + readers, testable: true),
        .testTarget(
            name: "Format\(name)Tests",
            dependencies: [.target(name: "Format\(name)"), "SaveTestKit", "SavePlatform", "SaveHTTP", "SaveStorage"] + readers,
            path: "Plugins/\(name)/Tests", swiftSettings: settings),
    ]
}

let package = Package(
    name: "Save",
    products: [
        .executable(name: "save-server", targets: ["save-server"])
    ],
    targets: [
        system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        system("CPostgres", pkgConfig: "libpq", apt: "libpq-dev"),
        system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        system("CMicrohttpd", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev"),
        system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
        system("CArchive", pkgConfig: "libarchive", apt: "libarchive-dev"),
        system("CMd4c", pkgConfig: "md4c", apt: "libmd4c-dev"),
        system("CXML", pkgConfig: "libxml-2.0", apt: "libxml2-dev"),
        system("CCrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
        system("CBlake2", pkgConfig: "libb2", apt: "libb2-dev"),
        system("CArgon2", pkgConfig: "libargon2", apt: "libargon2-dev"),

        // C of our own: functions that libmicrohttpd calls through the dynamic linker (docs/adr/0031-the-reason-on-the-status-line.md).
        .target(name: "CMicrohttpdHooks", path: "Sources/CSystem/CMicrohttpdHooks"),

        .systemLibrary(name: "CDynamicLinker", path: "Sources/CSystem/CDynamicLinker"),
        .systemLibrary(name: "CLinuxFiles", path: "Sources/CSystem/CLinuxFiles"),
        .systemLibrary(name: "CMalloc", path: "Sources/CSystem/CMalloc"),

        // Leaf readers: one C library each, nothing of ours but each other.
        library("SaveDigest", path: "Sources/Readers/Digest", ["CCrypto", "CBlake2"]),
        library("SaveCompression", path: "Sources/Readers/Compression", ["SaveDigest", "CZlib"]),
        library("SaveArchive", path: "Sources/Readers/Archive", ["SaveCompression", "CArchive"]),
        library("SaveHTML", path: "Sources/Readers/HTML", ["CXML"]),
        library("SaveMarkdown", path: "Sources/Readers/Markdown", ["CMd4c"]),
        library("SaveTOML", path: "Sources/Readers/TOML"),
        library("SaveVersions", path: "Sources/Readers/Versions"),
        library("SaveXML", path: "Sources/Readers/XML"),

        // What formats see, and nothing else.
        library("SavePlatform", path: "Sources/SavePlatform", ["SaveDigest"]),

        // The engine: each module sees those above it in this list.
        library("SaveCaching", path: "Sources/Engine/Caching"),
        engineModule("HTTP", []),
        engineModule("Storage", ["SaveHTTP"]),
        engineModule("Access", ["SaveHTTP", "SaveStorage"]),
        engineModule("Audit", ["SaveHTTP", "SaveStorage", "SaveAccess"]),
        engineModule("Advisories", ["SaveHTTP", "SaveStorage", "SaveAccess", "SaveArchive"], testable: true),
        engineModule("Repositories", ["SaveHTTP", "SaveStorage", "SaveAccess", "SaveAudit", "SaveAdvisories"]),
        engineModule("Serving", ["SaveHTTP", "SaveStorage", "SaveAccess", "SaveAudit", "SaveAdvisories", "SaveRepositories"]),

        library(
            "FormatPyPI", path: "Sources/Formats/PyPI", ["SavePlatform", "SaveDigest", "SaveArchive", "SaveHTML"], testable: true),
        library("FormatRaw", path: "Sources/Formats/Raw", ["SavePlatform", "SaveDigest"]),

        library(
            "SaveSQLite", path: "Sources/Adapters/SQLite",
            ["SaveSQLMetadata", "SavePlatform", "SaveHTTP", "SaveStorage", "SaveAdvisories", "CSQLite"]),
        library(
            "SavePostgres", path: "Sources/Adapters/Postgres",
            ["SaveSQLMetadata", "SavePlatform", "SaveHTTP", "SaveDigest", "CPostgres"]),
        library(
            "SaveSQLMetadata", path: "Sources/Adapters/SQLMetadata", ["SavePlatform", "SaveHTTP", "SaveStorage", "SaveDigest"]),
        library(
            "SaveBlobs", path: "Sources/Adapters/Blobs", ["SavePlatform", "SaveHTTP", "SaveStorage", "SaveDigest", "CLinuxFiles"]),
        library(
            "SaveCurl", path: "Sources/Adapters/Curl", ["SavePlatform", "SaveHTTP", "SaveCompression", "CCurl"], testable: true),
        library(
            "SaveS3", path: "Sources/Adapters/S3",
            ["SaveBlobs", "SaveCurl", "SavePlatform", "SaveHTTP", "SaveStorage", "SaveDigest", "SaveXML"]),
        library(
            "SaveMicrohttpd", path: "Sources/Adapters/Microhttpd",
            ["SavePlatform", "SaveHTTP", "CMicrohttpd", "CMicrohttpdHooks"]),
        library("SavePlugins", path: "Sources/Adapters/Plugins", ["SavePlatform", "SaveAccess", "SaveDigest", "CDynamicLinker"]),
        library("SaveArgon2", path: "Sources/Adapters/Argon2", ["SavePlatform", "SaveAccess", "SaveDigest", "CArgon2"]),

        library("SaveAPI", path: "Sources/SaveAPI", ["SavePlatform", "SaveDigest"] + engine, testable: true),
        library("SaveUI", path: "Sources/SaveUI", ["SavePlatform", "SaveDigest", "SaveMarkdown"] + engine, testable: true),
        library("SaveTestKit", path: "Sources/SaveTestKit", ["SavePlatform", "SaveDigest", "SaveCompression"] + engine),
        .target(
            name: "SaveServer",
            dependencies: [
                "SavePlatform", "SaveAPI", "SaveUI", "FormatPyPI", "FormatRaw", "FormatNpm", "FormatCargo", "FormatGo",
                "FormatMaven",
                "FormatOci", "SaveDigest", "SaveCompression", "SaveTOML",
                "SaveSQLite", "SavePostgres", "SaveSQLMetadata", "SaveBlobs", "SaveS3", "SaveCurl", "SaveMicrohttpd",
                "SaveArgon2",
                "SavePlugins",
                "CMalloc",
            ] + engine,
            path: "Sources/SaveServer", exclude: ["Executable", "README.md"], swiftSettings: settings),
        .executableTarget(
            name: "save-server", dependencies: ["SaveServer"], path: "Sources/SaveServer/Executable",
            swiftSettings: settings,
            // Formats loaded at run time bind to the one copy of SavePlatform, the executable's, and are for this build only.
            linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic", "-Xlinker", "--build-id=sha1"])]),

        // Formats that only tests have: what no other one needs of the surface.
        testFormat("Chunks", ["SaveDigest"]),
        testFormat("Parcels", ["SaveDigest"]),
        testFormat("Sparse", ["SaveDigest"]),
        testFormat("Notices", ["SaveDigest"]),
        // What the tests of the engine share: a data plane in memory with its format, upstream and stores.
        .target(
            name: "EngineTestKit", dependencies: ["SavePlatform", "SaveDigest", "SaveTestKit", "FormatChunks"] + engine,
            path: "Tests/EngineTestKit", swiftSettings: settings),
        engineTests("PlatformTests"),
        engineTests("AccessTests", ["FormatChunks", "FormatParcels"]),
        engineTests("AdvisoriesTests", ["FormatPyPI", "FormatNpm", "SaveSQLite"]),
        engineTests("AuditTests"),
        engineTests(
            "RepositoriesTests",
            [
                "FormatPyPI", "FormatRaw", "FormatCargo", "FormatGo", "FormatParcels", "FormatSparse", "SaveBlobs",
                "SaveSQLMetadata",
                "SaveSQLite",
            ]),
        engineTests("PoliciesTests", ["FormatPyPI", "FormatRaw", "FormatNpm"]),
        engineTests("ServingTests", ["FormatCargo", "FormatParcels", "SaveBlobs", "SaveMicrohttpd"]),
        tests(
            "ReadersTests",
            [
                "SaveDigest", "SaveCompression", "SaveArchive", "SaveHTML", "SaveMarkdown", "SaveTOML", "SaveVersions",
                "SaveXML", "SaveTestKit",
            ]),
        tests("FormatPyPITests", ["FormatPyPI", "SaveTestKit", "SavePlatform", "SaveHTTP", "SaveDigest"]),
        tests("FormatRawTests", ["FormatRaw", "SaveTestKit", "SavePlatform", "SaveDigest"]),
        tests(
            "StoresTests",
            ["CSQLite", "SaveSQLite", "SaveSQLMetadata", "SaveBlobs", "SaveTestKit", "SavePlatform", "SaveDigest"] + engine),
        tests(
            "PostgresTests",
            ["SavePostgres", "SaveSQLMetadata", "SaveTestKit", "SavePlatform", "SaveDigest"] + engine),
        tests(
            "S3Tests",
            ["SaveS3", "SaveBlobs", "SaveCurl", "SaveTestKit", "SavePlatform", "SaveHTTP", "SaveDigest", "SaveStorage"]),
        tests("CurlTests", ["SaveCurl", "SaveTestKit", "SavePlatform", "SaveHTTP"]),
        tests("MicrohttpdTests", ["SaveMicrohttpd", "SaveTestKit", "SavePlatform", "SaveHTTP"]),
        tests(
            "ServerTests",
            [
                "SaveServer", "SaveAPI", "SaveUI", "SaveArgon2", "SaveBlobs", "FormatNpm", "FormatChunks", "FormatNotices",
                "FormatParcels",
                "SaveTestKit",
                "SavePlatform", "SaveDigest",
            ] + engine),
        tests("PluginsTests", ["SavePlugins", "SaveTestKit", "SavePlatform", "SaveAccess", "SaveDigest"]),
        tests(
            "TestKitTests",
            [
                "SaveTestKit", "SavePlatform", "SaveDigest", "FormatTemplate", "FormatChunks", "FormatParcels", "FormatSparse",
                "FormatNotices",
            ] + engine),
        tests("ArchitectureTests", []),
        // What formats make of versions, for a test that compares it with the ecosystems' own libraries.
        .executableTarget(
            name: "version-probe",
            dependencies: [
                "SavePlatform", "SaveDigest", "FormatPyPI", "FormatNpm", "FormatCargo", "FormatGo", "FormatMaven",
            ],
            path: "Tests/VersionProbe", swiftSettings: settings),
        // What the object store's adapter makes of requests and of a bucket, for tests that compare it with botocore and run the laws
        // over a real store.
        .executableTarget(
            name: "s3-probe",
            dependencies: ["SaveS3", "SaveBlobs", "SaveCurl", "SaveTestKit", "SaveStorage", "SavePlatform"],
            path: "Tests/S3Probe", swiftSettings: settings),
    ] + plugins.flatMap(plugin),
    swiftLanguageModes: [.v6]
)

if let chosenTests {
    package.targets.removeAll { $0.type == .test && !chosenTests.contains($0.name) }
}
