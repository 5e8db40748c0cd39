internal import CDynamicLinker
internal import SavePlatform

/// An image that the dynamic linker has loaded, and never unloads.
struct SharedObject {
    private let handle: UnsafeMutableRawPointer

    /// Loads an open file, with everything it needs bound at once: a missing symbol is found now, not by a request.
    ///
    /// - Throws: `PluginRefusal`.
    init(_ file: OpenFile) throws {
        // By descriptor and not by path, so that what was checked is what is loaded. The descriptor is never closed: the linker
        // takes two images with one name for the same, and the number is the name.
        _ = Unmanaged.passRetained(file)
        guard let handle = dlopen("/proc/self/fd/\(file.descriptor)", RTLD_NOW | RTLD_LOCAL) else {
            throw PluginRefusal(Self.complaint())
        }
        self.handle = handle
    }

    /// The text that a symbol holds.
    ///
    /// - Throws: `PluginRefusal` when there is no such symbol.
    func text(_ symbol: String) throws -> String {
        String(cString: UnsafePointer(try address(symbol).bindMemory(to: CChar.self, capacity: 1)))
    }

    /// Calls a function that takes a pointer and returns a number.
    ///
    /// - Throws: `PluginRefusal` when there is no such symbol.
    func call(_ symbol: String, with argument: UnsafeMutableRawPointer) throws -> Int32 {
        save_call(try address(symbol), argument)
    }

    private func address(_ symbol: String) throws -> UnsafeMutableRawPointer {
        guard let address = dlsym(handle, symbol) else {
            throw PluginRefusal("it is not a plugin for Save: it has no symbol '\(symbol)'")
        }
        return address
    }

    /// The linker's last words, without the name it knows the file by.
    private static func complaint() -> String {
        guard let words = dlerror() else { return "the dynamic linker refuses it" }
        let text = String(cString: words)
        if let symbol = text.firstRange(of: "undefined symbol: ") {
            return "it needs '\(text[symbol.upperBound...])', which this server does not have: it was built for another"
        }
        return text.firstRange(of: ": ").map { "it cannot be loaded: \(text[$0.upperBound...])" } ?? text
    }
}
