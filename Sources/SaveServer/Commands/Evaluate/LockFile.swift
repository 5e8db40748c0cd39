internal import FoundationEssentials
internal import Glibc
internal import SavePlatform

/// The packages that a lock file installs.
package struct LockFile: Equatable {
    /// One version of one package from an index.
    package struct Package: Hashable {
        /// A package URL (https://github.com/package-url/purl-spec) with its version: `pkg:pypi/foo@1.0`.
        package let url: String
        package let name: String
        package let version: String

        /// - Parameter name: as the lock file spells it.
        static func python(_ name: String, _ version: String) -> Package {
            // purl-spec, "pypi": lower case, and a dash in place of an underscore.
            let canonical = ASCII.lowercased(name).utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
            let url = PackageURL(type: "pypi", name: String(decoding: canonical, as: UTF8.self), version: version)
            return Package(url: url.description, name: name, version: version)
        }

        static func npm(_ name: String, _ version: String) -> Package {
            Package(url: PackageURL(type: "npm", name: name, version: version).description, name: name, version: version)
        }
    }

    /// What the file installs from elsewhere, or does not pin.
    package struct Unjudged: Hashable {
        package let name: String
        /// Why no policy can be asked about it.
        package let reason: String
    }

    /// Each once, in the order of the file.
    package private(set) var packages: [Package] = []
    package private(set) var unjudged: [Unjudged] = []
    private var seen: Set<Package> = []

    mutating func add(_ package: Package) {
        if seen.insert(package).inserted { packages.append(package) }
    }

    mutating func skip(_ name: String, _ reason: String) { unjudged.append(Unjudged(name: name, reason: reason)) }

    package static func == (one: LockFile, other: LockFile) -> Bool {
        one.packages == other.packages && one.unjudged == other.unjudged
    }

    // MARK: Reading

    static let maxBytes = 64 << 20
    private static let known =
        "uv.lock, poetry.lock, pylock.toml, requirements*.txt, package-lock.json and npm-shrinkwrap.json are known, by their names"

    init() {}

    /// All bytes of a file, of which there may be one too many.
    private static func content(at path: String) throws -> [UInt8] {
        func failure(_ why: String) -> SaveError { SaveError(.invalidRequest, "\(path) cannot be read: \(why)") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while content.count <= maxBytes {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("it must be a file") }
            guard count > 0 else { break }
            content += buffer[..<count]
        }
        return content
    }

    /// Reads a lock file; its name tells the kind.
    ///
    /// - Throws: `invalidRequest` with the file's name and what is wrong with it.
    init(at path: String) throws {
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(decoding: $0, as: UTF8.self) } ?? path
        let content = try Self.content(at: path)
        guard content.count <= Self.maxBytes else {
            throw SaveError(.invalidRequest, "\(path) has more than 64 MiB: is it a lock file?")
        }
        do {
            try self.init(named: name, content)
        } catch let error as SaveError {
            throw SaveError(error.code, "\(path): \(error.message)")
        }
    }

    /// - Parameter name: the last part of the file's path.
    package init(named name: String, _ bytes: [UInt8]) throws {
        switch ASCII.lowercased(name) {
        case "package-lock.json", "npm-shrinkwrap.json": try readNpm(bytes)
        case "uv.lock": try readUv(bytes)
        case "poetry.lock": try readPoetry(bytes)
        case let name where name.hasPrefix("pylock.") && name.hasSuffix(".toml"): try readPylock(bytes)
        case let name where name.hasSuffix(".txt") || name.hasSuffix(".in"): try readRequirements(bytes)
        default: throw SaveError(.invalidRequest, "this is no lock file that can be read: \(Self.known)")
        }
        guard !packages.isEmpty || !unjudged.isEmpty else { throw SaveError(.invalidRequest, "there is no package in it") }
    }
}
