internal import SavePlatform
internal import SaveStorage

/// The audit trail, sizes and counts, formats, and errors.
enum ServerSchemas {
    static let all: KeyValuePairs<String, Schema> = [
        "Error": .members(["error": .named("ErrorBody")]),
        "ErrorBody": .members([
            "code": Schema.matching("^[a-z][a-z0-9_]*$").described("What went wrong, for programs. New codes may come."),
            "message": Schema.text.described("One line for people."),
            "request_id": Schema.text.described("Names the request in logs and in the audit trail."),
            "details": Schema(["type": "object", "additionalProperties": ["type": "string"]])
                .described("Facts that go with the message, such as the `field` that is wrong."),
        ]),
        "AuditRecord": .members([
            "id": .count, "time": .time, "actor": .text, "actor_kind": .choice(["user", "robot", "anonymous", "system"]),
            "action": .text, "resource_type": .text, "resource": .text,
            "outcome": .choice(AuditRecord.Outcome.allCases.map(\.rawValue)), "source_ip": .text, "user_agent": .text,
            "request_id": .text, "details": .object, "hash": .sha256, "previous_hash": .text,
        ]),
        "Download": .members([
            "id": Schema.count.described("Of the audit record."), "time": Schema.time.described("When it was recorded."),
            "actor": .text, "actor_kind": .choice(["user", "robot", "anonymous", "system"]), "source_ip": .text,
            "user_agent": .text,
            "repository": Schema.text.described("The one that has the file."), "path": .text, "version": Schema.text.orNull,
            "count": Schema.count.described("Downloads of the whole file that the record stands for."),
            "parts": Schema.count.described("Downloads of a part of it."),
            "via": Schema.text.orNull.described("The group that it was asked for in."),
        ]),
        "AuditVerification": .members([
            "ok": .flag, "checked": Schema.count.described("Records that hold."),
            "anchors": Schema.count.described("Anchors that the trail meets."),
            "cut_after": Schema.count.described("The last record that retention removed; 0 for none."),
            "broken_at": Schema.count.orNull, "problem": Schema.text.orNull,
        ]),
        "Statistics": .closed(
            ["projects", "repositories", "packages", "sidecars", "users", "robots"].map { ($0, .count) } + [
                ("files", Schema.count.described("Without their sidecars.")),
                ("logical_bytes", Schema.count.described("Of files and sidecars; what several share counts each time.")),
                ("referenced_bytes", Schema.count.orNull.described("What files and sidecars need on the disk.")),
                ("cached_index_bytes", Schema.count.orNull.described("Copies of upstreams' indexes.")),
                ("physical_bytes", Schema.count.orNull.described("All blobs; null while the first count is under way.")),
                ("reclaimable_bytes", Schema.count.orNull.described("What collecting garbage would remove.")),
                ("measured", Schema.time.orNull.described("When the four before were counted; null for just now.")),
            ]),
        "Collection": .members([
            "dry_run": .flag,
            "unreachable_files": Schema.count.described(
                "Files that nothing in their package referred to any more, such as layers."),
            "removed_blobs": .count, "removed_bytes": .count, "kept_young_blobs": .count, "blobs": .count,
            "blob_bytes": .count,
        ]),
        "Format": .members([
            "id": .text, "name": .text, "contract_version": .count, "abilities": .list(of: .text),
            "mount": Schema.text.orNull.described(
                "The path at the root of the server below which its repositories are, where that is not the id."),
            "origin": .choice(["compiled_in", "loaded"]),
            "path": Schema.text.orNull.described("The shared object it was loaded from, for administrators and auditors."),
        ]),
        "Description": Schema.object.described("An OpenAPI 3.1 document."),
    ]
}
