import SavePlugins
import Testing

@Suite struct PluginSettingTests {
    private static let digest = String(repeating: "ab", count: 32)

    @Test func `an entry is an absolute path`() {
        #expect(PluginSetting("/usr/lib/save/npm.so")?.path == "/usr/lib/save/npm.so")
        #expect(PluginSetting("/usr/lib/save/npm.so")?.sha256 == nil)
        #expect(PluginSetting("/a/#1/npm.so#sha256=\(Self.digest.uppercased())")?.path == "/a/#1/npm.so")
        #expect(PluginSetting("/a/npm.so#sha256=\(Self.digest.uppercased())")?.sha256 == Self.digest)
    }

    @Test(arguments: [
        "", "npm.so", "./npm.so", "#sha256=\(digest)", "/a.so#sha256=", "/a.so#sha256=abc", "/a.so#md5=\(digest)", "/a.so#",
        "/a.so#sha256=\(digest)00", "/a\0b.so", "/a.so#sha256=\(digest.dropLast())g",
    ])
    func `anything else is no entry`(_ text: String) {
        #expect(PluginSetting(text) == nil)
    }
}
