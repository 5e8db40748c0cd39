import Foundation
import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatPyPI

@Suite struct AttestationTests {
    private static let wheel = FixtureWheel(name: "foo", version: "1.0")
    private static let place = "integrity/foo/1.0/foo-1.0-py3-none-any.whl/provenance"

    /// An attestation about a file, as publishers send it.
    private static func attestation(
        name: String = wheel.filename, digest: String = Digest.hex(wheel.bytes),
        certificate: [UInt8] = FixtureCertificate.github("acme/foo").bytes, entries: String = "[{}]"
    ) -> String {
        let statement =
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"\#(name)","digest":{"sha256":"\#(digest)"}}]}"#
        let encoded = Data(statement.utf8).base64EncodedString()
        return
            #"{"version": 1,"verification_material":{"certificate":"\#(Data(certificate).base64EncodedString())","transparency_entries":\#(entries)},"envelope":{"statement":"\#(encoded)","signature":"aGk="}}"#
    }

    private func submit(_ attestations: String) async throws -> Submission {
        var form = FixtureForm("foo", "1.0", filename: Self.wheel.filename, contents: Self.wheel.bytes)
        form.set("attestations", attestations)
        form.contentFirst = true
        return try await form.submit()
    }

    @Test func `R-73 attestations are kept as they came, beside their file`() async throws {
        let attestations = "[ \(Self.attestation()) ]"
        let submission = try await submit(attestations)
        #expect(submission.items.map(\.record.path.text).last == Self.place)
        let kept = try #require(submission.items.last)
        #expect(kept.record.sidecarOf == submission.items[0].record.path)
        #expect(kept.record.contentType == "application/vnd.pypi.integrity.v1+json")
        let text = String(decoding: try await kept.staged.contents(), as: UTF8.self)
        #expect(text.contains(attestations))
        let provenance = try #require(try JSONValue(parsing: Array(text.utf8)).object)
        #expect(provenance["version"] == 1)
        let bundle = try #require(provenance["attestation_bundles"]?.array?.first?.object)
        #expect(
            bundle["publisher"] == ["kind": "GitHub", "repository": "acme/foo", "workflow": "release.yml", "environment": .null])
        #expect(bundle["attestations"]?.array?.count == 1)
    }

    @Test(arguments: [
        "{}", "[]", "x", "[1]", "[{}]", #"[{"version":2}]"#,
        "[\(attestation(name: "bar-1.0-py3-none-any.whl"))]", "[\(attestation(digest: String(repeating: "0", count: 64)))]",
        "[\(attestation()),{}]", "[" + String(repeating: "\(attestation()),", count: 16) + attestation() + "]",
    ])
    func `R-73 what is not about this file is refused by the field's name`(_ attestations: String) async {
        do {
            _ = try await submit(attestations)
            Issue.record("accepted")
        } catch {
            #expect((error as? SaveError)?.details["field"] == "attestations")
        }
    }

    @Test func `R-73 the provenance of a file has one address, in any spelling of its version`() throws {
        let format = try PyPIFormat(settings: [:])
        for path in [Self.place, "integrity/Foo/1.0.0/foo-1.0-py3-none-any.whl/provenance"] {
            let request = FormatRequest(method: .get, path: try RequestPath(decoding: Array("/\(path)".utf8)[...]))
            #expect(
                try format.route(request)
                    == .index(
                        Provenance.index(PackageID(normalized: "foo"), filename: Self.wheel.filename),
                        offers: ["application/vnd.pypi.integrity.v1+json"]))
        }
        for path in ["integrity/foo/2.0/foo-1.0-py3-none-any.whl/provenance", "integrity/foo/1.0/bar-1.0.tar.gz/provenance"] {
            let request = FormatRequest(method: .get, path: try RequestPath(decoding: Array("/\(path)".utf8)[...]))
            guard case .index(let index, let offers) = try format.route(request) else {
                Issue.record("not an index")
                continue
            }
            // Told as JSON, as everything about provenance is.
            #expect(offers == ["application/vnd.pypi.integrity.v1+json"])
            let error = #expect(throws: SaveError.self) { try format.documents(for: index, in: Listing()) }
            #expect(error?.code == .assetNotFound)
        }
    }

    @Test func `R-73 the provenance of a listed file is what was kept, and of others there is none`() async throws {
        let items = try await submit("[\(Self.attestation())]").items
        let format = try PyPIFormat(settings: [:])
        let package = PackageID(normalized: "foo")
        let index = Provenance.index(package, filename: Self.wheel.filename)
        let listing = Listing(assets: [items[0].record])
        #expect(try format.documents(for: index, in: listing).map(\.text) == [Self.place])
        let kept = try await items[2].staged.contents()
        let document = try format.render(
            index, as: PyPIPaths.provenanceType, from: listing, context: RenderContext(basePath: "/pypi/p/r/", documents: [kept]))
        #expect(document.bytes == kept)
        #expect(document.type.value == "application/vnd.pypi.integrity.v1+json")
        var bare = items[0].record
        bare.attributes = [:]
        let error = #expect(throws: SaveError.self) { try format.documents(for: index, in: Listing(assets: [bare])) }
        #expect(error?.code == .assetNotFound)
        // A rule may keep the file off its page: it is asked whether its provenance is given out.
        #expect(try format.documents(for: index, in: Listing()).map(\.text) == [Self.place])
    }

    @Test func `R-73 a page names the provenance only where the server has an https address`() async throws {
        let record = try await submit("[\(Self.attestation())]").items[0].record
        let format = try PyPIFormat(settings: [:])
        for (origin, expected) in [(nil, false), ("http://save.example.com", false), ("https://save.example.com", true)]
            as [(String?, Bool)]
        {
            for type in [SimpleType.json, SimpleType.html] {
                let page = try format.render(
                    .package(PackageID(normalized: "foo")), as: type, from: Listing(assets: [record]),
                    context: RenderContext(basePath: "/pypi/p/r/", externalOrigin: origin))
                let url = "https://save.example.com/pypi/p/r/\(Self.place)"
                #expect(String(decoding: page.bytes, as: UTF8.self).contains(url) == expected)
            }
        }
    }

    /// The publishers that the provenance names, and whether a page names the provenance.
    private func publishers(_ attestations: [String]) async throws -> ([JSONValue], isAnnounced: Bool) {
        let items = try await submit("[" + attestations.joined(separator: ",") + "]").items
        let bytes = try await items[2].staged.contents()
        let bundles = try #require(try JSONValue(parsing: bytes).object?["attestation_bundles"]?.array)
        let page = try PyPIFormat(settings: [:]).render(
            .package(PackageID(normalized: "foo")), as: SimpleType.json, from: Listing(assets: [items[0].record]),
            context: RenderContext(basePath: "/pypi/p/r/", externalOrigin: "https://save.example.com"))
        return (bundles.compactMap { $0.object?["publisher"] }, String(decoding: page.bytes, as: UTF8.self).contains(Self.place))
    }

    @Test func `R-73 a publisher is who the certificate says it is`() async throws {
        let circle = FixtureCertificate(
            issuer: "https://oidc.circleci.com",
            claims: [9: "https://circleci.com/api/v2/projects/p-1/pipeline-definitions/d-2", 12: "github.com/acme/foo"])
        let cases: [(FixtureCertificate, JSONValue)] = [
            (
                .gitlab("acme/team/foo"),
                ["kind": "GitLab", "repository": "acme/team/foo", "workflow_filepath": "ci/release.yml", "environment": .null]
            ),
            (
                FixtureCertificate(issuer: "https://accounts.google.com", email: "build@acme.example"),
                ["kind": "Google", "email": "build@acme.example"]
            ),
            (
                circle,
                [
                    "kind": "CircleCI", "project_id": "p-1", "pipeline_definition_id": "d-2", "vcs_origin": "github.com/acme/foo",
                    "vcs_ref": .null,
                ]
            ),
        ]
        for (certificate, publisher) in cases {
            let found = try await publishers([Self.attestation(certificate: certificate.bytes)])
            #expect(found.0 == [publisher] && found.isAnnounced)
        }
    }

    @Test func `R-73 attestations of several publishers are in a bundle for each`() async throws {
        let one = Self.attestation(), other = Self.attestation(certificate: FixtureCertificate.github("acme/bar").bytes)
        let found = try await publishers([one, other, one])
        #expect(found.0.compactMap { $0.object?["repository"]?.string } == ["acme/foo", "acme/bar"])
        #expect(found.isAnnounced)
    }

    /// The provenance of a file whose attestations came in several uploads, and what a page says of it; nil for each upload that
    /// said nothing new.
    private func provenance(of uploads: [[String]]) async throws -> [CombinedSidecar?] {
        let format = try PyPIFormat(settings: [:])
        var kept: [UInt8]?
        var answers: [CombinedSidecar?] = []
        for upload in uploads {
            let item = try #require(try await submit("[" + upload.joined(separator: ",") + "]").items.last)
            let bytes = try await item.staged.contents()
            let combined = try kept.map { try format.combined($0, with: bytes, in: item.record) } ?? nil
            answers.append(combined)
            kept = combined?.bytes ?? kept ?? bytes
        }
        return answers
    }

    @Test func `R-73 attestations that come later join those that are kept, each once`() async throws {
        let one = Self.attestation(), other = Self.attestation(certificate: FixtureCertificate.github("acme/bar").bytes)
        let again = one.replacing("aGk=", with: "YmV0dGVy")
        let answers = try await provenance(of: [[one], [one], [other], [again, one], [other, again]])
        #expect(answers.map { $0 != nil } == [false, false, true, true, false])
        let object = try JSONValue(parsing: try #require(answers[3]).bytes).object
        #expect(object?["version"] == 1)
        let bundles = try #require(object?["attestation_bundles"]?.array).compactMap(\.object)
        #expect(bundles.compactMap { $0["publisher"]?.object?["repository"]?.string } == ["acme/foo", "acme/bar"])
        let expected = try [[one, again], [other]].map { try $0.map { try JSONValue(parsing: Array($0.utf8)) } }
        #expect(bundles.compactMap { $0["attestations"]?.array } == expected)
        #expect(answers[3]?.announcement == [PyPIAttribute.hasProvenance: true])
    }

    @Test func `R-73 one attestation that readers refuse is said of all that a file has`() async throws {
        let unknown = Self.attestation(
            certificate: FixtureCertificate(issuer: "https://git.acme.example", claims: [12: "x"]).bytes)
        for uploads in [[[Self.attestation()], [unknown]], [[unknown], [Self.attestation()]]] {
            #expect(try await provenance(of: uploads)[1]?.announcement == [PyPIAttribute.hasProvenance: false])
        }
    }

    @Test func `R-73 a file has sixty-four attestations and no more`() async throws {
        func some(_ name: String) -> [String] {
            (0..<16).map { Self.attestation(certificate: FixtureCertificate.github("\(name)/\($0)").bytes) }
        }
        #expect(try await provenance(of: [some("a"), some("b"), some("c"), some("d")])[3] != nil)
        await #expect(throws: SaveError.self) {
            try await provenance(of: [some("a"), some("b"), some("c"), some("d"), [Self.attestation()]])
        }
    }

    @Test func `what is no provenance is not put together`() throws {
        let format = try PyPIFormat(settings: [:])
        for (path, type) in [
            ("packages/foo/foo-1.0-py3-none-any.whl.metadata", MediaType.text), (Self.place, PyPIPaths.provenanceType),
        ] {
            let record = AssetRecord(path: try AssetPath(path), contentType: type.value)
            #expect(try format.combined(Array("x".utf8), with: Array("y".utf8), in: record) == nil)
        }
    }

    @Test func `R-73 provenance that no reader would take is kept, and no page names it`() async throws {
        var wrongFile = FixtureCertificate.github("acme/foo")
        wrongFile.claims[18] = "https://github.com/acme/bar/.github/workflows/release.yml@refs/tags/v1"
        let certificates = [
            Array("hi".utf8), FixtureCertificate(issuer: "https://git.acme.example", claims: [12: "x"]).bytes, wrongFile.bytes,
            Array(FixtureCertificate.github("acme/foo").bytes.dropLast(40)),
        ]
        for certificate in certificates {
            let found = try await publishers([Self.attestation(), Self.attestation(certificate: certificate)])
            #expect(!found.isAnnounced)
            #expect(found.0.count == 2)
        }
        #expect(try await publishers([Self.attestation(entries: "[]")]).isAnnounced == false)
    }

    @Test func `a certificate with any byte changed is read or not, and never a trap`() {
        let good = FixtureCertificate.github("acme/foo").bytes
        for index in good.indices {
            for value in [0, 0x7F, 0x80, 0x83, 0xFF] as [UInt8] {
                var damaged = good
                damaged[index] = value
                _ = IdentityCertificate(damaged).flatMap(AttestationPublisher.init)
            }
            _ = IdentityCertificate(Array(good.prefix(index)))
        }
        #expect(IdentityCertificate(good).flatMap(AttestationPublisher.init) != nil)
    }
}
