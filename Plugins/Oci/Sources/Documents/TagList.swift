internal import SavePlatform

/// The list of tags (distribution-spec, "Listing Tags").
enum TagList {
    /// - Parameters:
    ///   - count: of tags on the page; nil for all.
    ///   - last: the tag that the page begins behind; nil for the first page.
    static func document(of image: Image, named name: String, at base: String, count: Int?, last: String?) -> Document {
        let all = image.tags.filter { tag in last.map { ImageTag.precedes($0, tag) } ?? true }
        let page = count.map { Array(all.prefix($0)) } ?? all
        // A name has what is before it below the mount: `oci/<project>/<repository>/<image>`.
        let before = base.utf8.dropFirst().drop { $0 != UInt8(ascii: "/") }.dropFirst()
        let object: JSONObject = [
            "name": .string(String(Substring(before)) + name), "tags": .array(page.map(JSONValue.string)),
        ]
        var document = Document(type: .json, bytes: JSONValue.object(object).bytes)
        // RFC 8288. Without tags there is nothing to go on behind: "When n is zero … MUST NOT include the Link header".
        if let count, let end = page.last, page.count < all.count {
            document.headers["Link"] = "<\(base)\(name)/tags/list?n=\(count)&last=\(end)>; rel=\"next\""
        }
        return document
    }
}
