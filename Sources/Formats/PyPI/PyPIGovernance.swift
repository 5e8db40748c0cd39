public import SavePlatform

/// What people may set on a project, and what follows from it: its status (PEP 792), and how large its files may be, all of
/// them or those of one release.
extension PyPIFormat: PackagePolicy {
    public func attributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject {
        var attributes = current
        for member in change.members {
            let (key, value) = (member.key, member.value)
            switch key {
            case PyPIAttribute.projectStatus: attributes[key] = value.isNull ? .none : try Self.status(value).json
            case PyPIAttribute.maxFileSize: attributes[key] = value.isNull ? .none : .integer(try Self.size(value, key))
            case PyPIAttribute.releaseMaxFileSizes: attributes[key] = value.isNull ? .none : .object(try Self.sizes(value))
            default:
                throw SaveError(.unknownField, "a project has no attribute '\(key.prefix(200))'", details: ["field": key])
            }
        }
        return attributes
    }

    /// Which Pythons a release is for, where its files say it wrongly: installers go by the page before they look into a file.
    public func fileAttributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject {
        var attributes = current
        for member in change.members {
            let field = PyPIAttribute.requiresPython
            guard ASCII.isEqual(member.key, field) else {
                throw SaveError(
                    .unknownField, "a release has no attribute '\(member.key.prefix(200))'", details: ["field": member.key])
            }
            let own = attributes[PyPIAttribute.ownRequiresPython] ?? attributes[field] ?? .null
            if member.value.isNull {
                attributes[field] = own.isNull ? .none : own
                attributes[PyPIAttribute.ownRequiresPython] = nil
                continue
            }
            guard let text = member.value.string, text.utf8.isEmpty || VersionSpecifiers.areValid(text) else {
                throw SaveError.invalid(
                    field, "'\(field)' must be version specifiers such as '>=3.9', empty for any Python, or null")
            }
            attributes[field] = text.utf8.isEmpty ? .none : .string(text)
            attributes[PyPIAttribute.ownRequiresPython] = own
        }
        return attributes
    }

    public func checkUpload(_ items: [Submission.Item], to attributes: JSONObject) throws {
        if let status = ProjectStatus(attributes), status.marker == .archived || status.marker == .quarantined {
            throw SaveError(.blocked, "the project is \(status.text) and takes no uploads: ask an owner to change its status")
        }
        for item in items where item.record.sidecarOf == nil {
            if let limit = Self.releaseLimit(item.record.version, attributes) {
                guard item.staged.size <= limit else {
                    throw SaveError(
                        .tooLarge,
                        "content: the file is larger than the \(limit) bytes this release takes: ask an owner to raise its limit")
                }
            } else if let limit = attributes[PyPIAttribute.maxFileSize]?.integer, item.staged.size > limit {
                throw SaveError(
                    .tooLarge,
                    "content: the file is larger than the \(limit) bytes this project takes: ask an owner to raise its limit")
            }
        }
    }

    /// The bytes that a file of a release may have, where the release has a limit of its own.
    private static func releaseLimit(_ version: String?, _ attributes: JSONObject) -> Int64? {
        guard let limits = attributes[PyPIAttribute.releaseMaxFileSizes]?.object, let wanted = version.flatMap({ Version($0) })
        else { return nil }
        return limits.members.first { Version($0.key) == wanted }?.value.integer
    }

    /// PEP 792: an index must not offer any file of a quarantined project for download.
    public func checkDownload(from attributes: JSONObject) throws {
        guard let status = ProjectStatus(attributes), status.marker == .quarantined else { return }
        throw SaveError(.blocked, "the project is \(status.text); its files are not offered: ask an owner to change its status")
    }

    private static func status(_ value: JSONValue) throws -> ProjectStatus {
        let field = PyPIAttribute.projectStatus
        guard let object = value.object, object.keys.allSatisfy({ $0 == "status" || $0 == "reason" }),
            object["reason"].map({ $0.string != nil || $0.isNull }) ?? true
        else { throw SaveError.invalid(field, "'\(field)' must be an object with 'status' and, as you like, a text 'reason'") }
        guard let status = ProjectStatus(marker: object["status"]?.string, reason: object["reason"]?.string) else {
            throw SaveError.invalid(field, "'status' must be one of active, archived, deprecated, quarantined")
        }
        // The reason stands in a header and on one line of a page.
        guard (status.reason ?? "").utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), (status.reason ?? "").utf8.count <= 1024 else {
            throw SaveError.invalid(field, "'reason' must be one line of at most 1024 bytes")
        }
        return status
    }

    /// Limits by version, each of which is there once in whatever spelling.
    private static func sizes(_ value: JSONValue) throws -> JSONObject {
        let field = PyPIAttribute.releaseMaxFileSizes
        guard let object = value.object, object.members.count <= maxReleases else {
            throw SaveError.invalid(field, "'\(field)' must be an object with at most \(maxReleases) versions, or null")
        }
        var seen: Set<Version> = []
        var sizes = JSONObject()
        for member in object.members {
            guard let version = Version(member.key), seen.insert(version).inserted else {
                throw SaveError.invalid(field, "'\(field)' must have versions as PEP 440 knows them, each of them once")
            }
            sizes[version.text] = .integer(try size(member.value, field))
        }
        return sizes
    }

    /// Releases of a project that may have limits of their own.
    private static let maxReleases = 1000

    private static func size(_ value: JSONValue, _ field: String) throws -> Int64 {
        guard let size = value.integer, (1...(1 << 50)).contains(size) else {
            throw SaveError.invalid(field, "'\(field)' must be a number of bytes from 1 to \(1 << 50), or null")
        }
        return size
    }
}
