import SavePlatform
import Testing

@testable import FormatOci

@Suite struct ImageTests {
    private let package = PackageID(normalized: "app")

    private func digest(_ byte: String) throws -> ContentDigest {
        try #require(ContentDigest("sha256:" + String(repeating: byte, count: 64)))
    }

    /// Of manifest `1` with the blob `a`, index `2` of that manifest, and the blob `b` that nothing refers to.
    private func listing(_ attributes: JSONObject = [:]) throws -> Listing {
        let name = try #require(ImageName("app"))
        let blobs = try ["a", "b"].map { AssetRecord(path: try ImagePlace.blob(digest($0), of: name), package: package) }
        let manifests = try [("1", "a"), ("2", "1")].map { manifest, reference in
            AssetRecord(
                path: try ImagePlace.manifest(digest(manifest), of: name), package: package,
                attributes: ["references": [.string(try digest(reference).text)]])
        }
        return Listing(assets: blobs + manifests, attributes: attributes)
    }

    private func change(_ listing: Listing, _ settings: JSONObject = [:]) throws -> ImageChange {
        ImageChange(listing: listing, rules: try TagRules(settings), package: package)
    }

    @Test func `a tag moves, and an immutable one does not`() throws {
        let tag = try #require(ImageTag("v1"))
        let before: JSONObject = try ["tag:v1": .string(digest("1").text)]
        let (one, two) = (try digest("1"), try digest("2"))
        #expect(try change(listing(before)).tag(two, as: tag).attributes == ["tag:v1": .string(two.text)])
        let fixed: JSONObject = ["immutable_tags": ["v*"]]
        let error = #expect(throws: SaveError.self) { try change(listing(before), fixed).tag(two, as: tag) }
        #expect(error?.code == .conflict && error?.details["code"] == "DENIED")
        #expect(throws: SaveError.self) { try change(listing(before), fixed).untag(tag) }
        // The same again is no change, and a new tag names no other image.
        #expect(try change(listing(before), fixed).tag(one, as: tag).attributes == before)
        #expect(try change(listing(), fixed).tag(one, as: tag).attributes == before)
    }

    @Test func `what a manifest refers to stays, and the rest goes`() throws {
        let name = try #require(ImageName("app"))
        let isKept = { (path: AssetPath) in
            do {
                let removed = try change(listing()).remove(path).removed
                return removed != [path]
            } catch let error as SaveError {
                #expect(error.code == .methodNotAllowed)
                return true
            }
        }
        #expect(try isKept(ImagePlace.blob(digest("a"), of: name)))
        #expect(try !isKept(ImagePlace.blob(digest("b"), of: name)))
        #expect(try isKept(ImagePlace.manifest(digest("1"), of: name)))
        #expect(try !isKept(ImagePlace.manifest(digest("2"), of: name)))
        let none = #expect(throws: SaveError.self) { try change(listing()).remove(ImagePlace.blob(digest("c"), of: name)) }
        #expect(none?.code == .assetNotFound && none?.details["code"] == "BLOB_UNKNOWN")
    }

    @Test func `a blob that no manifest refers to is of no use, and everything else is`() throws {
        let name = try #require(ImageName("app"))
        #expect(try OciFormat(settings: [:]).unreachable(in: listing()) == [ImagePlace.blob(digest("b"), of: name)])
    }

    @Test func `a manifest goes with its tags`() throws {
        let name = try #require(ImageName("app"))
        let tags: JSONObject = try ["tag:a": .string(digest("2").text), "tag:b": .string(digest("1").text)]
        let changed = try change(listing(tags)).remove(ImagePlace.manifest(digest("2"), of: name))
        #expect(try changed.attributes == ["tag:b": .string(digest("1").text)])
    }

    @Test func `a manifest is taken only with all that it refers to`() throws {
        let reference = { (byte: String, kinds: String...) in Manifest.Reference(digest: try digest(byte), kinds: kinds) }
        try change(listing()).check([reference("a", "blobs"), reference("1", "manifests"), reference("a", "manifests", "blobs")])
        // What is there as a blob is not there as a manifest, nor the other way round: clients would ask for it in vain.
        for missing in try [reference("c", "blobs"), reference("a", "manifests"), reference("1", "blobs")] {
            let error = #expect(throws: SaveError.self) { try change(listing()).check([reference("b", "blobs"), missing]) }
            #expect(error?.details["code"] == "MANIFEST_BLOB_UNKNOWN")
            #expect(error?.message.contains(missing.digest.text) == true)
        }
    }

    @Test func `a manifest has one type, also where it does not say which`() throws {
        var listing = try listing()
        let path = try ImagePlace.manifest(digest("1"), of: #require(ImageName("app")))
        for place in listing.assets.indices where listing.assets[place].path == path {
            listing.assets[place].contentType = SampleImage.ociType
        }
        try change(listing).check(type: SampleImage.ociType, at: path)
        try change(listing).check(type: "a/b", at: ImagePlace.manifest(digest("7"), of: #require(ImageName("app"))))
        let error = #expect(throws: SaveError.self) { try change(listing).check(type: "a/b", at: path) }
        #expect(error?.details["code"] == "MANIFEST_INVALID" && error?.message.contains(SampleImage.ociType) == true)
    }

    @Test func `files go by other ways only with what refers to them, and take their tags along`() throws {
        let name = try #require(ImageName("app"))
        let (one, two) = (try digest("1"), try digest("2"))
        let tags: JSONObject = ["tag:a": .string(one.text), "tag:b": .string(two.text), "other": "x"]
        let paths = try [ImagePlace.manifest(one, of: name), ImagePlace.manifest(two, of: name)]
        let attributes = { (settings: JSONObject, files: [AssetPath]) in
            try OciFormat(settings: settings).attributes(of: listing(tags), without: files)
        }
        let error = #expect(throws: SaveError.self) { try attributes([:], [paths[0]]) }
        #expect(error?.code == .conflict && error?.message.contains(one.text) == true)
        #expect(try attributes([:], [paths[1]]) == ["tag:a": .string(one.text), "other": "x"])
        #expect(try attributes([:], paths) == ["other": "x"])
        #expect(try attributes(["immutable_tags": ["a"]], [paths[1]]) == ["tag:a": .string(one.text), "other": "x"])
        let kept = #expect(throws: SaveError.self) { try attributes(["immutable_tags": ["b"]], paths) }
        #expect(kept?.code == .conflict && kept?.message.contains("immutable_tags") == true)
    }

    @Test func `an immutable tag whose manifest is gone names no image, and may go or lead to another`() throws {
        let tag = try #require(ImageTag("v1"))
        let dangling: JSONObject = try ["tag:v1": .string(digest("7").text)]
        let change = try change(listing(dangling), ["immutable_tags": true])
        #expect(try change.untag(tag).attributes == [:])
        #expect(try change.tag(digest("1"), as: tag).attributes == ["tag:v1": .string(digest("1").text)])
    }

    @Test func `tags are listed page by page, each with the way to the next`() throws {
        let one = try digest("1").text
        let tags = JSONObject(["c", "a", "B", "d"].map { ("tag:\($0)", .string(one)) })
        let page = { (count: Int?, last: String?) in
            try TagList.document(of: Image(listing(tags)), named: "app", at: "/v2/oci/p/r/", count: count, last: last)
        }
        #expect(try String(decoding: page(nil, nil).bytes, as: UTF8.self) == #"{"name":"oci/p/r/app","tags":["a","B","c","d"]}"#)
        #expect(try page(nil, nil).headers["Link"] == nil)
        let first = try page(2, nil)
        #expect(String(decoding: first.bytes, as: UTF8.self) == #"{"name":"oci/p/r/app","tags":["a","B"]}"#)
        #expect(first.headers["Link"] == "</v2/oci/p/r/app/tags/list?n=2&last=B>; rel=\"next\"")
        #expect(try page(2, "B").headers["Link"] == nil)
        #expect(try String(decoding: page(10, "b").bytes, as: UTF8.self).contains(#"["c","d"]"#))
        let none = try page(0, nil)
        #expect(String(decoding: none.bytes, as: UTF8.self).contains("[]") && none.headers["Link"] == nil)
    }

    @Test func `referrers are the manifests that say that they are about another, of the type that is asked for`() throws {
        var listing = try listing()
        let subject = try digest("9")
        for (place, type) in [(2, "a/b"), (3, "c/d")] {
            listing.assets[place].attributes = [
                "subject": .string(subject.text), "artifactType": .string(type), "annotations": ["k": "v"],
            ]
            listing.assets[place].contentType = SampleImage.ociType
            listing.assets[place].size = 7
            listing.assets[place].publisher = "alice"
        }
        let image = Image(listing)
        let all = try Referrers.document(of: image, about: subject, artifactType: nil)
        let shown = try #require(try JSONValue(parsing: all.bytes).object?["manifests"]?.array)
        #expect(shown.count == 2 && all.headers.isEmpty && all.type == Referrers.type)
        #expect(
            shown[0].object == [
                "mediaType": .string(SampleImage.ociType), "digest": .string(try digest("1").text), "size": 7,
                "artifactType": "a/b",
                "annotations": ["k": "v"],
            ])
        let some = try Referrers.document(of: image, about: subject, artifactType: "c/d")
        #expect(try JSONValue(parsing: some.bytes).object?["manifests"]?.array?.count == 1)
        #expect(some.headers["OCI-Filters-Applied"] == "artifactType")
        let none = try Referrers.document(of: image, about: try digest("8"), artifactType: nil)
        #expect(try JSONValue(parsing: none.bytes).object?["manifests"]?.array == [])
    }
}
