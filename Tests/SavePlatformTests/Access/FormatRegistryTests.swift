import SaveAccess
import SavePlatform
import Testing

@Suite struct FormatRegistryTests {
    /// A format that can be anything but useful.
    private struct Named<Name: FormatName>: RepositoryFormat {
        static var descriptor: FormatDescriptor {
            FormatDescriptor(
                id: Name.id, displayName: "x", contract: Name.contract, abilities: [],
                mount: Name.mount.map { FormatMount($0, pingResponse: Document(type: .text, bytes: [])) })
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

    @Test func `a mount that may not be is refused with the reason`() throws {
        #expect(
            try refusal(Named<MountedMalformed>.self)
                == "the mount 'v2/' of the format 'other' is not of the form ^[a-z][a-z0-9_]{1,31}$")
        #expect(try refusal(Named<MountedReserved>.self) == "the mount 'api' of the format 'other' is reserved")
        #expect(try refusal(Named<MountedOnItself>.self) == "the mount 'other' of the format 'other' is its id")
        #expect(try refusal(Named<MountedOnPlain>.self) == "the mount 'plain' of the format 'other' is the id of another format")
    }

    @Test func `a mount belongs to one format`() throws {
        var registry = FormatRegistry()
        try registry.register(Named<Mounted>.self)
        let second = #expect(throws: SaveError.self) { try registry.register(Named<MountedToo>.self) }
        #expect(second?.message == "the mount 'v2' of the format 'other' is the mount of the format 'mounted' already")
        let named = #expect(throws: SaveError.self) { try registry.register(Named<NamedAsTheMount>.self) }
        #expect(named?.message == "the format id 'v2' is the mount of the format 'mounted'")
        #expect(registry.descriptors.map(\.firstSegment) == ["v2"])
    }

    @Test func `a registrar keeps what was registered, where it came from, and why something was not`() throws {
        var formats = FormatRegistry()
        try formats.register(Named<Plain>.self)
        let registrar = PluginRegistrar { try formats.register($0, from: .loaded(path: "/x.so")) }
        #expect(PluginRegistrar.register(Named<Other>.self, with: Unmanaged.passUnretained(registrar).toOpaque()) == 0)
        #expect(registrar.refusal == nil)
        #expect(formats.entries.map(\.origin) == [.loaded(path: "/x.so"), .compiledIn])
        #expect(registrar.register(Named<Plain>.self) == 1)
        #expect((registrar.refusal as? SaveError)?.message == "two formats have the id 'plain'")
    }
}

private protocol FormatName {
    static var id: String { get }
    static var contract: Int { get }
    static var isBroken: Bool { get }
    static var mount: String? { get }
}

extension FormatName {
    static var contract: Int { FormatDescriptor.currentContract }
    static var isBroken: Bool { false }
    static var mount: String? { nil }
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
private enum MountedOnPlain: FormatName {
    static let id = "other"
    static let mount: String? = "plain"
}
