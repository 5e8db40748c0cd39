import SavePlatform
import SaveServer
import Testing

@Suite struct LockFileTests {
    private func read(_ name: String, _ text: String) throws -> LockFile { try LockFile(named: name, Array(text.utf8)) }

    @Test func `uv's lock file has packages of registries, the workspace's own, and others`() throws {
        let file = try read(
            "uv.lock",
            """
            version = 1
            [[package]]
            name = "app"
            version = "0.1.0"
            source = { virtual = "." }
            [[package]]
            name = "zope-interface"
            version = "7.2"
            source = { registry = "http://127.0.0.1/pypi/p/r/simple/" }
            sdist = { url = "https://example.test/z.tar.gz", hash = "sha256:00", size = 1 }
            wheels = [
                { url = "https://example.test/z.whl", hash = "sha256:00", size = 1 },
            ]
            [[package]]
            name = "forked"
            version = "1.0"
            source = { git = "https://example.test/f?rev=1#abc" }
            """)
        #expect(file.packages.map(\.url) == ["pkg:pypi/zope-interface@7.2"])
        #expect(file.unjudged.map(\.name) == ["forked"])
    }

    @Test func `poetry's lock file names a source only where it is not the default one`() throws {
        let file = try read(
            "poetry.lock",
            """
            [[package]]
            name = "Foo_Bar"
            version = "1.0+local.1"
            [[package]]
            name = "ours"
            version = "2"
            [package.source]
            type = "legacy"
            url = "http://127.0.0.1/simple"
            reference = "ours"
            [[package]]
            name = "near"
            version = "1"
            [package.source]
            type = "directory"
            url = "../near"
            """)
        #expect(file.packages.map(\.url) == ["pkg:pypi/foo-bar@1.0%2Blocal.1", "pkg:pypi/ours@2"])
        #expect(file.unjudged.map(\.name) == ["near"])
    }

    @Test func `PEP 751's lock file may leave out a version`() throws {
        let file = try read(
            "pylock.dev.toml",
            """
            lock-version = "1.0"
            [[packages]]
            name = "a"
            version = "1!2.0"
            [[packages]]
            name = "b"
            vcs = { type = "git", url = "https://example.test/b", commit-id = "0" }
            [[packages]]
            name = "c"
            """)
        #expect(file.packages.map(\.url) == ["pkg:pypi/a@1%212.0"])
        #expect(file.unjudged.map(\.name) == ["b", "c"])
    }

    @Test func `a requirements file has pinned packages over several lines, and lines of other kinds`() throws {
        let file = try read(
            "requirements-dev.txt",
            """
            # made by a tool
            --index-url http://127.0.0.1/simple/
            -r other.txt
            -e ./here
            foo==1.0 ; python_version >= "3.8" \\
                --hash=sha256:00 \\
                --hash=sha256:11  # why
            Bar[extra,more] == 2.0.post1
            baz===3.0-odd
            loose>=1
            wild==1.*
            both==1.0,!=2
            direct @ https://example.test/d.whl#sha256=00
            ./wheels/x-1-py3-none-any.whl
            foo==1.0
            last==9\\
            """)
        #expect(
            file.packages.map(\.url) == [
                "pkg:pypi/foo@1.0", "pkg:pypi/bar@2.0.post1", "pkg:pypi/baz@3.0-odd", "pkg:pypi/last@9",
            ])
        #expect(
            file.unjudged.map(\.name) == [
                "-r other.txt", "-e ./here", "loose", "wild", "both", "direct", "./wheels/x-1-py3-none-any.whl",
            ])
    }

    @Test func `npm's lock files of versions 2 and 3 list installed packages by their paths`() throws {
        let file = try read(
            "package-lock.json",
            """
            {"name":"app","lockfileVersion":3,"packages":{
              "":{"name":"app","version":"1.0.0"},
              "packages/mine":{"version":"1.0.0"},
              "node_modules/mine":{"resolved":"packages/mine","link":true},
              "node_modules/a":{"version":"1.0.0","resolved":"http://127.0.0.1/a.tgz"},
              "node_modules/a/node_modules/@s/b":{"version":"2.0.0-rc.1","resolved":"http://127.0.0.1/b.tgz"},
              "node_modules/alias":{"name":"real","version":"3.0.0","resolved":"http://127.0.0.1/r.tgz"},
              "node_modules/c":{"version":"1.0.0","resolved":"git+ssh://git@example.test/c.git#0"}}}
            """)
        #expect(file.packages.map(\.url) == ["pkg:npm/a@1.0.0", "pkg:npm/%40s/b@2.0.0-rc.1", "pkg:npm/real@3.0.0"])
        #expect(file.unjudged.map(\.name) == ["c"])
    }

    @Test func `npm's lock file of version 1 is a tree`() throws {
        let file = try read(
            "npm-shrinkwrap.json",
            """
            {"lockfileVersion":1,"dependencies":{
              "a":{"version":"1.0.0","dependencies":{"@s/b":{"version":"2.0.0"}}},
              "other":{"version":"npm:@x/real@3.0.0"},"c":{"version":"github:u/c#0"}}}
            """)
        #expect(file.packages.map(\.url) == ["pkg:npm/a@1.0.0", "pkg:npm/%40s/b@2.0.0", "pkg:npm/%40x/real@3.0.0"])
        #expect(file.unjudged.map(\.name) == ["c"])
    }

    @Test(arguments: [
        ("uv.lock", "version = 1"), ("uv.lock", "package = 1"), ("uv.lock", "[[package]]\nversion = '1'"),
        ("uv.lock", "nonsense"),
        ("poetry.lock", "[[package]]\nname = 'a'"), ("package-lock.json", "{}"), ("package-lock.json", "["),
        ("package-lock.json", #"{"packages":[]}"#), ("requirements.txt", ""), ("Cargo.lock", "x"),
        ("pylock.toml", "[[packages]]\nname = 1"),
    ])
    func `a file that is no lock file is refused in one line`(name: String, text: String) throws {
        let error = #expect(throws: SaveError.self) { try read(name, text) }
        #expect(error?.code == .invalidRequest && error?.message.utf8.contains(0x0A) == false)
    }
}
