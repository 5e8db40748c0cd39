internal import Glibc
internal import SaveDigest
internal import SavePlatform

/// A shared object that was opened, and whose file may be trusted: everybody who can write it can do all that the server can.
struct PluginFile {
    let file: OpenFile
    /// SHA-256 of its bytes, in hexadecimal.
    let sha256: String

    private static let maxBytes: Int64 = 1 << 30

    /// - Throws: `PluginRefusal` for a file that is missing, that others can write, that is cut short, that is no shared object,
    ///   or that is not the one of the pin.
    init(_ plugin: PluginSetting) throws {
        // Not blocking, because opening a named pipe waits for its writer.
        let descriptor = open(plugin.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw PluginRefusal("it cannot be opened: \(String(cString: strerror(errno)))") }
        var facts = stat()
        let isKnown = fstat(descriptor, &facts) == 0
        file = OpenFile(adopting: descriptor, size: Int64(facts.st_size))
        guard isKnown, facts.st_mode & S_IFMT == S_IFREG else { throw PluginRefusal("it is not a regular file") }
        guard facts.st_uid == 0 || facts.st_uid == geteuid() else {
            throw PluginRefusal("it belongs to user \(facts.st_uid); it must belong to root or to the server's own user")
        }
        guard facts.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            let mode = String(facts.st_mode & 0o7777, radix: 8)
            throw PluginRefusal("its mode \(mode) lets others write it; chmod go-w mends that")
        }
        guard file.size <= Self.maxBytes else {
            throw PluginRefusal("it has \(file.size) bytes; a plugin has at most \(Self.maxBytes)")
        }
        try Self.checkHeader(file)
        sha256 = try Self.digest(file)
        if let pin = plugin.sha256, pin != sha256 {
            throw PluginRefusal("its SHA-256 is \(sha256), and the setting says \(pin)")
        }
    }

    private static func checkHeader(_ file: OpenFile) throws {
        let header = try SharedObjectHeader { offset, count in
            guard let offset = Int64(exactly: offset), offset < file.size else { return [] }
            return try file.read(at: offset, count: count)
        }
        guard let header else { throw PluginRefusal("it is not a shared object of a 64-bit machine") }
        guard header.length <= UInt64(file.size) else {
            throw PluginRefusal("it is cut short: \(file.size) of at least \(header.length) bytes")
        }
    }

    private static func digest(_ file: OpenFile) throws -> String {
        let digest = StreamingDigest(.sha256)
        var offset: Int64 = 0
        while offset < file.size {
            let bytes = try file.read(at: offset, count: Int(min(file.size - offset, 1 << 20)))
            guard !bytes.isEmpty else { throw PluginRefusal("it changes while it is read") }
            digest.update(bytes)
            offset += Int64(bytes.count)
        }
        return Hex.encode(digest.finish())
    }
}

/// Why a plugin is not loaded, as the end of the sentence "the plugin was refused: …".
struct PluginRefusal: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
