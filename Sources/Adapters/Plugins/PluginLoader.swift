internal import CDynamicLinker
package import SaveAccess
internal import SaveDigest
package import SavePlatform

/// Loads formats from shared objects, as `docs/plugin-abi.md` says: the file is checked, then opened, then asked by a C symbol
/// what server it was built for, and only then handed a Swift type.
package enum PluginLoader {
    /// What was loaded.
    package struct Loaded: Sendable {
        package let path: String
        /// SHA-256 of the file, in hexadecimal.
        package let sha256: String
        /// The formats that came with it.
        package let formats: [FormatDescriptor]
    }

    /// The server that a plugin must have been built for: the version of the contract, and the build of this program. Swift
    /// promises nothing about memory layouts across builds, so another build is another server.
    package static var fingerprint: String? {
        let id = save_program_build_id()
        guard let bytes = id.bytes, id.count > 0 else { return nil }
        return "save/\(FormatDescriptor.currentContract) \(Hex.encode(UnsafeBufferPointer(start: bytes, count: id.count)))"
    }

    /// Loads a plugin. It stays loaded whatever happens: code of Swift cannot be unloaded.
    ///
    /// - Throws: `invalidConfiguration` with the path and why it was refused; then `formats` is as it was.
    package static func load(_ plugin: PluginSetting, into formats: inout FormatRegistry) throws -> Loaded {
        do {
            let file = try PluginFile(plugin)
            let image = try SharedObject(file.file)
            try checkFingerprint(image)
            var enlarged = formats
            let registrar = PluginRegistrar { try enlarged.register($0, from: .loaded(path: plugin.path)) }
            let status = try image.call("save_plugin_register", with: Unmanaged.passUnretained(registrar).toOpaque())
            if let refusal = registrar.refusal { throw PluginRefusal((refusal as? SaveError)?.message ?? "\(refusal)") }
            guard status == 0 else { throw PluginRefusal("its registration failed with status \(status)") }
            let before = Dictionary(uniqueKeysWithValues: formats.entries.map { ($0.descriptor.id, $0.origin) })
            let added = enlarged.entries.filter { before[$0.descriptor.id] != $0.origin }.map(\.descriptor)
            guard !added.isEmpty else { throw PluginRefusal("it registered no format") }
            formats = enlarged
            return Loaded(path: plugin.path, sha256: file.sha256, formats: added)
        } catch {
            let reason = (error as? PluginRefusal)?.reason ?? (error as? SaveError)?.message ?? "\(error)"
            throw SaveError(
                .invalidConfiguration, "'plugins': \(plugin.path) was refused: \(reason)", details: ["key": "plugins"],
                underlying: error)
        }
    }

    private static func checkFingerprint(_ image: SharedObject) throws {
        let found = try image.text("save_plugin_abi")
        guard let fingerprint else { throw PluginRefusal("this server has no build id, so no plugin can be known to fit it") }
        guard found == fingerprint else {
            throw PluginRefusal("it was built for another server, '\(found)'; this one is '\(fingerprint)'")
        }
    }
}
