internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Changing what is said of packages, versions and files: attributes such as a status, and yanks.
enum PackageChangeRoutes {
    private static let package = "/repos/{project}/{name}/packages/{package}"
    private static let version = package + "/versions/{version}"
    private static let file = version + "/files/{filename}"

    private static let yank = ObjectRule(
        name: "Yank", fields: [FieldRule("reason", .text(max: 4096), "Why, for those who use it.")])

    static let all: [APIRoute] = [
        APIRoute(
            .patch, package, .repository(.manage), "Change a package's attributes, such as its status",
            body: ObjectRule(
                name: "PackageUpdate",
                fields: [
                    FieldRule(
                        "attributes", .object, required: true,
                        "The format's own; each member replaces the one before, null removes it.")
                ]), answer: "Package", kinds: [.hosted], failures: [.preconditionFailed], action: "package.update",
            handler: update),
        APIRoute(
            .patch, version, .repository(.manage), "Change what is said of a version's files, such as the Pythons they are for",
            body: ObjectRule(
                name: "PackageVersionUpdate",
                fields: [
                    FieldRule(
                        "attributes", .object, required: true,
                        "The format's own; each member replaces what the files say, null gives that back.")
                ]), answer: "PackageVersion", kinds: [.hosted], failures: [.preconditionFailed], action: "package.update",
            handler: updateVersion),
        APIRoute(
            .put, version + "/yank", .repository(.delete), "Yank a version: clients that ask for exactly it still get it",
            body: yank, status: 204, kinds: [.hosted], failures: [.preconditionFailed], action: "package.yank"
        ) { call, repository in
            try await withdraw(call, repository, Withdrawal(reason: call.body["reason"]?.string ?? ""))
        },
        APIRoute(
            .delete, version + "/yank", .repository(.delete), "Offer a yanked version again", status: 204,
            kinds: [.hosted], failures: [.preconditionFailed], action: "package.unyank"
        ) { call, repository in try await withdraw(call, repository, nil) },
        APIRoute(
            .put, file + "/yank", .repository(.delete), "Yank one file of a version", body: yank, status: 204,
            kinds: [.hosted], failures: [.preconditionFailed], action: "file.yank"
        ) { call, repository in
            try await withdraw(call, repository, Withdrawal(reason: call.body["reason"]?.string ?? ""))
        },
        APIRoute(
            .delete, file + "/yank", .repository(.delete), "Offer a yanked file again", status: 204,
            kinds: [.hosted], failures: [.preconditionFailed], action: "file.unyank"
        ) {
            call, repository in try await withdraw(call, repository, nil)
        },
    ]

    private static func update(_ call: APICall, _ repository: Repository) async throws -> HTTPResponse {
        let governing = try governing(repository)
        let id = repository.record.id
        let change = call.body["attributes"]?.object ?? JSONObject()
        let (record, files) = try await OptimisticLocking.change {
            let (seen, revision) = try await call.context.store.read { reading in
                let record = try package(call, id, reading).record
                return (record, try PackageRevision(of: .attributes, in: record.id, id, reading))
            }
            let attributes = try await ask(governing) { try $0.attributes(seen.attributes, changedBy: change) }
            return try await call.change { writing, now in
                var (record, files) = try package(call, id, writing)
                try revision.check(in: writing)
                let before = record.attributes
                record.attributes = attributes
                record.updated = later(now, than: record.updated)
                try writing.put(record)
                var details = JSONObject()
                for key in change.keys { details[key] = ["from": before[key] ?? .null, "to": record.attributes[key] ?? .null] }
                return ((record, files), [call.event(PackageRemovalRoutes.resource(call, repository, record.id), details)])
            }
        }
        call.context.operations.contentChanged(in: id, package: record.id)
        let shown: JSONValue = PackageRepresentation.package(record, files)
        return call.answer(shown, etag: entityTag(of: shown))
    }

    private static func updateVersion(_ call: APICall, _ repository: Repository) async throws -> HTTPResponse {
        let governing = try governing(repository)
        let id = repository.record.id
        let change = call.body["attributes"]?.object ?? JSONObject()
        let (record, files) = try await OptimisticLocking.change {
            let (seen, revision) = try await call.context.store.read { reading in
                let (record, files) = try version(call, id, reading)
                return (files.map(\.record.attributes), try PackageRevision(of: .content, in: record.id, id, reading))
            }
            let changed = try await ask(governing) { format in
                try seen.map { try format.fileAttributes($0, changedBy: change) }
            }
            return try await call.change { writing, now in
                var (record, files) = try version(call, id, writing)
                try revision.check(in: writing)
                for (place, attributes) in zip(files.indices, changed) {
                    files[place].record.attributes = attributes
                    try writing.put(files[place])
                }
                record.updated = later(now, than: record.updated)
                try writing.put(record)
                let details: JSONObject = ["version": .string(call["version"]), "attributes": .object(change)]
                return ((record, files), [call.event(PackageRemovalRoutes.resource(call, repository, record.id), details)])
            }
        }
        call.context.operations.contentChanged(in: id, package: record.id)
        let shown = PackageRepresentation.version(call["version"], of: record, files)
        return call.answer(shown, etag: entityTag(of: shown))
    }

    private static func governing(_ repository: Repository) throws -> IsolatedFormat<any PackagePolicy> {
        guard let governing = repository.governing else {
            throw SaveError.invalid(
                "attributes", "packages of the format '\(repository.record.format)' have no attributes to set")
        }
        return governing
    }

    /// Asks the format for attributes after a change; an error names the field as it stands in the request.
    private static func ask<Answer: Sendable>(
        _ governing: IsolatedFormat<any PackagePolicy>, _ question: @escaping @Sendable (any PackagePolicy) throws -> Answer
    ) async throws -> Answer {
        do {
            return try await governing.ask(question)
        } catch let error as SaveError {
            var details = error.details
            details["field"] = details["field"].map { AuditName.bounded("attributes.\($0)") }
            throw SaveError(error.code, error.message, details: details, underlying: error)
        }
    }

    /// The package that a request names and its files, if it is as the caller knows it.
    private static func package(
        _ call: APICall, _ id: Int64, _ reading: any MetadataReading
    ) throws -> (record: PackageRecord, files: [StoredAsset]) {
        guard let record = try PackageContents.find(call["package"], id, reading) else { throw PackageRemovalRoutes.noPackage }
        let files = try reading.assets(id, package: record.id).filter { $0.record.sidecarOf == nil }
        try call.requireMatch(entityTag(of: PackageRepresentation.package(record, files)))
        return (record, files)
    }

    /// The package and the files of the version that a request names, if it is as the caller knows it.
    private static func version(
        _ call: APICall, _ id: Int64, _ reading: any MetadataReading
    ) throws -> (PackageRecord, [StoredAsset]) {
        guard let record = try PackageContents.find(call["package"], id, reading) else { throw PackageRemovalRoutes.noPackage }
        let files = try reading.assets(id, package: record.id).filter {
            $0.record.sidecarOf == nil && PackageRoutes.isVersion($0, call["version"])
        }
        guard !files.isEmpty else { throw PackageRoutes.noVersion }
        try call.requireMatch(entityTag(of: PackageRepresentation.version(call["version"], of: record, files)))
        return (record, files)
    }

    /// Yanks the version, or the one file of it that the path names, or takes that back with nil (PEP 592).
    private static func withdraw(
        _ call: APICall, _ repository: Repository, _ withdrawal: Withdrawal?
    ) async throws -> HTTPResponse {
        let id = repository.record.id
        let filename = call.arguments["filename"]
        let changed = try await call.change { writing, now in
            var (record, files) = try version(call, id, writing)
            files = files.filter { file in
                filename.map { file.record.path.filename.utf8.elementsEqual($0.utf8) } ?? true
            }
            guard !files.isEmpty else { throw SaveError(.assetNotFound, "there is no such file: check the name") }
            for var file in files {
                file.record.withdrawn = withdrawal
                try writing.put(file)
            }
            record.updated = later(now, than: record.updated)
            try writing.put(record)
            let details: JSONObject = [
                "reason": JSONValue(withdrawal?.reason), "files": .integer(Int64(files.count)),
            ]
            return (record.id, [call.event(PackageRemovalRoutes.resource(call, repository, record.id), details)])
        }
        call.context.operations.contentChanged(in: id, package: changed)
        return APICall.noContent
    }
}
