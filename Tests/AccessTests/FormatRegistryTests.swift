import SaveAccess
import SavePlatform
import Testing

@Suite struct FormatRegistryTests {
    /// A format that can be anything but useful.
    private struct Named<Name: FormatName>: RepositoryFormat {
        static var descriptor: FormatDescriptor {
            FormatDescriptor(
                id: Name.id, displayName: "x", contract: Name.contract, abilities: [],
                mount: Name.mount.map {
                    FormatMount(
                        $0, pingPath: Name.pingPath, pingResponse: Document(type: .text, bytes: []), documents: Name.documents)
                })
        }
        init(settings: JSONObject) throws { if Name.isBroken { throw SaveError(.invalidRequest, "no luck today") } }
        func route(_ request: FormatRequest) throws -> Route { throw SaveError(.notFound, "nothing") }
    }

    private func refusal(_ format: any RepositoryFormat.Type) throws -> String? {
        var registry = FormatRegistry()
        try registry.register(Named<Plain>.self)
        let error = #expect(throws: SaveError.self) { try registry.register(format) }
        #expect(error?.code == .invalidConfiguration)
        #expect(registry.descriptors.map(\.id) == ["plain"])
        return error?.message
    }

    @Test func `a format that may not be is refused with the reason`() throws {
        #expect(try refusal(Named<Plain>.self) == "two formats have the id 'plain'")
        #expect(try refusal(Named<Reserved>.self) == "the format id 'health' is reserved")
        #expect(try refusal(Named<Malformed>.self) == "'Not-A-Word' is not a format id: ^[a-z][a-z0-9_]{1,31}$")
        #expect(
            try refusal(Named<Newer>.self)
                == "the format 'newer' was written for contract 99; this server has \(FormatDescriptor.currentContract)")
        #expect(try refusal(Named<Broken>.self) == "the format 'broken' cannot be made: no luck today")
    }

    @Test func `a format that is loaded takes the place of one that is compiled in, and of no other`() throws {
        var registry = FormatRegistry()
        try registry.register(Named<Plain>.self)
        try registry.register(Named<Plain>.self, from: .loaded(path: "/plain.so"))
        #expect(registry.entries.map(\.origin) == [.loaded(path: "/plain.so")])
        #expect(throws: SaveError.self) { try registry.register(Named<Plain>.self, from: .loaded(path: "/other.so")) }
        #expect(throws: SaveError.self) { try registry.register(Named<Plain>.self) }
        #expect(registry.entries.map(\.origin) == [.loaded(path: "/plain.so")])
    }

    @Test func `a mount that may not be is refused with the reason`() throws {
        #expect(
            try refusal(Named<MountedMalformed>.self)
                == "the mount 'v2/' of the format 'other' is not of the form ^[a-z0-9._~-]{1,32}(/[a-z0-9._~-]{1,32}){0,3}$ without dot segments"
        )
        #expect(try refusal(Named<MountedReserved>.self) == "the mount 'api' of the format 'other' is reserved")
        #expect(try refusal(Named<MountedOnItself>.self) == "the mount 'other' of the format 'other' is its id")
        #expect(try refusal(Named<MountedOnPlain>.self) == "the mount 'plain' of the format 'other' is the id of another format")
    }

    /// A format `other` at a mount, beside one at `.well-known/plain`.
    private func refusal(at mount: String, _ documents: [String: Document] = [:]) throws -> String? {
        var registry = FormatRegistry()
        try registry.register(Named<Plain>.self)
        try registry.register(Named<Discovered>.self)
        do {
            try Choice.$mount.withValue(mount) {
                try Choice.$documents.withValue(documents) { try registry.register(Named<Choice>.self) }
            }
        } catch let error as SaveError {
            #expect(error.code == .invalidConfiguration)
            #expect(registry.descriptors.map(\.id) == ["discovered", "plain"])
            return error.message
        }
        return nil
    }

    @Test(arguments: [".well-known/other", "-/npm", "_/oidc", "v2", "a/b/c/d", "..x/~y"])
    func `a mount is a path of plain segments`(mount: String) throws {
        #expect(try refusal(at: mount) == nil)
    }

    @Test(arguments: [
        "", "/v2", "v2/", "a//b", "a/../b", ".", "A", "a b", "a%41", "a/b/c/d/e", String(repeating: "a", count: 33), "é",
    ])
    func `a mount of another form is refused`(mount: String) throws {
        #expect(try #require(try refusal(at: mount)).hasPrefix("the mount '\(mount)' of the format 'other' is not of the form "))
    }

    @Test func `a mount that begins with a path of somebody else's is refused, and so is one above or below another`() throws {
        let begin = "the mount '%' of the format 'other' "
        for (mount, reason) in [
            ("api/v1", "begins with 'api', which is reserved"), ("health/live", "begins with 'health', which is reserved"),
            ("plain/x", "begins with 'plain', which is the id of another format"),
            ("other/x", "begins with 'other', which is its id"),
            (".well-known/plain", "is the mount of the format 'discovered' already"),
            (".well-known", "overlaps the mount '.well-known/plain' of the format 'discovered'"),
            (".well-known/plain/x", "overlaps the mount '.well-known/plain' of the format 'discovered'"),
        ] {
            #expect(try refusal(at: mount) == begin.replacing("%", with: mount) + reason)
        }
    }

    @Test func `documents of a mount that nobody could ask for are refused`() throws {
        let document = Document(type: .text, bytes: [])
        #expect(try refusal(at: "v2", ["token": document]) == nil)
        #expect(try refusal(at: "v2", ["": document]) == "the mount 'v2' of the format 'other' has two answers of its own")
        #expect(
            try refusal(at: "v2", ["a/b": document])
                == "the mount 'v2' of the format 'other' has a document 'a/b', which is not one segment of such a form")
    }

    @Test func `clients may ask first above a mount, and of no two formats at one place`() throws {
        var registry = FormatRegistry()
        try registry.register(Named<Pinged>.self)
        for path in ["/v2", "/v2/", "/v2/images", "/v2/images/p/r/x"] {
            #expect(registry.place(of: Array(path.utf8)[...])?.isMounted == true, "\(path)")
        }
        for path in ["/v2/p", "/v2//", "/v2x", "/v2/imagesx"] {
            #expect(registry.place(of: Array(path.utf8)[...]) == nil, "\(path)")
        }
        let second = #expect(throws: SaveError.self) { try registry.register(Named<PingedToo>.self) }
        #expect(
            second?.message == "the mount 'v2/other' of the format 'other' has clients that ask at 'v2', as those of 'pinged' do")
        let beside = #expect(throws: SaveError.self) { try registry.register(Named<PingedBeside>.self) }
        #expect(beside?.message == "the mount 'v3/x' of the format 'other' is not below 'v2', where its clients ask first")
    }

    @Test func `a mount belongs to one format`() throws {
        var registry = FormatRegistry()
        try registry.register(Named<Mounted>.self)
        let second = #expect(throws: SaveError.self) { try registry.register(Named<MountedToo>.self) }
        #expect(second?.message == "the mount 'v2' of the format 'other' is the mount of the format 'mounted' already")
        let named = #expect(throws: SaveError.self) { try registry.register(Named<NamedAsTheMount>.self) }
        #expect(named?.message == "the format id 'v2' is the mount of the format 'mounted'")
        #expect(registry.descriptors.map(\.root) == ["v2"])
    }

    @Test func `a registrar keeps what was registered, where it came from, and why something was not`() throws {
        var formats = FormatRegistry()
        try formats.register(Named<Plain>.self)
        let registrar = PluginRegistrar { try formats.register($0, from: .loaded(path: "/x.so")) }
        #expect(PluginRegistrar.register(Named<Other>.self, with: Unmanaged.passUnretained(registrar).toOpaque()) == 0)
        #expect(registrar.refusal == nil)
        #expect(formats.entries.map(\.origin) == [.loaded(path: "/x.so"), .compiledIn])
        #expect(registrar.register(Named<Other>.self) == 1)
        #expect((registrar.refusal as? SaveError)?.message == "two formats have the id 'other'")
    }
}

private protocol FormatName {
    static var id: String { get }
    static var contract: Int { get }
    static var isBroken: Bool { get }
    static var mount: String? { get }
    static var pingPath: String? { get }
    static var documents: [String: Document] { get }
}

extension FormatName {
    static var contract: Int { FormatDescriptor.currentContract }
    static var isBroken: Bool { false }
    static var mount: String? { nil }
    static var pingPath: String? { nil }
    static var documents: [String: Document] { [:] }
}

private enum Plain: FormatName { static let id = "plain" }
private enum Other: FormatName { static let id = "other" }
private enum Reserved: FormatName { static let id = "health" }
private enum Malformed: FormatName { static let id = "Not-A-Word" }
private enum Newer: FormatName {
    static let id = "newer"
    static let contract = 99
}
private enum Broken: FormatName {
    static let id = "broken"
    static let isBroken = true
}
private enum Mounted: FormatName {
    static let id = "mounted"
    static let mount: String? = "v2"
}
private enum Pinged: FormatName {
    static let id = "pinged"
    static let mount: String? = "v2/images"
    static let pingPath: String? = "v2"
}
private enum PingedToo: FormatName {
    static let id = "other"
    static let mount: String? = "v2/other"
    static let pingPath: String? = "v2"
}
private enum PingedBeside: FormatName {
    static let id = "other"
    static let mount: String? = "v3/x"
    static let pingPath: String? = "v2"
}
private enum MountedToo: FormatName {
    static let id = "other"
    static let mount: String? = "v2"
}
private enum NamedAsTheMount: FormatName { static let id = "v2" }
private enum MountedMalformed: FormatName {
    static let id = "other"
    static let mount: String? = "v2/"
}
private enum MountedReserved: FormatName {
    static let id = "other"
    static let mount: String? = "api"
}
private enum MountedOnItself: FormatName {
    static let id = "other"
    static let mount: String? = "other"
}
private enum Discovered: FormatName {
    static let id = "discovered"
    static let mount: String? = ".well-known/plain"
}
/// The one that a test is about.
private enum Choice: FormatName {
    static let id = "other"
    @TaskLocal static var mount: String?
    @TaskLocal static var documents: [String: Document] = [:]
}
private enum MountedOnPlain: FormatName {
    static let id = "other"
    static let mount: String? = "plain"
}
