internal import SavePlatform
internal import SaveStorage
extension InMemoryTransaction {
    private func assets(_ repository: Int64) -> [StoredAsset] {
        (tables.assets[repository] ?? [:]).values.sorted { $0.record.path < $1.record.path }
    }

    func asset(_ repository: Int64, _ path: AssetPath) -> StoredAsset? { tables.assets[repository]?[path] }

    func asset(_ repository: Int64, package: PackageID, identity: String) -> StoredAsset? {
        assets(repository, package: package).first { $0.record.identity == identity }
    }

    func assets(_ repository: Int64, package: PackageID) -> [StoredAsset] {
        assets(repository).filter { $0.record.package == package }
    }

    func assets(_ repository: Int64, under directory: String, after: AssetPath?, limit: Int) -> [StoredAsset] {
        let prefix = directory.isEmpty || directory.utf8.last == UInt8(ascii: "/") ? directory : directory + "/"
        let found = assets(repository).filter { asset in
            asset.record.path.text.utf8.starts(with: prefix.utf8) && after.map { $0 < asset.record.path } ?? true
        }
        return Array(found.prefix(max(0, limit)))
    }

    func directory(_ repository: Int64, _ path: AssetPath?) -> (files: [StoredAsset], directories: [String]) {
        let prefix = path.map { $0.text + "/" } ?? ""
        var files: [StoredAsset] = []
        var directories: [String] = []
        for asset in assets(repository, under: prefix, after: nil, limit: .max) {
            let rest = asset.record.path.text.utf8.dropFirst(prefix.utf8.count)
            if let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
                directories.append(String(decoding: rest[..<slash], as: UTF8.self))
            } else {
                files.append(asset)
            }
        }
        var names: [String] = []
        for name in directories.sorted(by: { $0.precedes($1) }) where names.last.map({ $0.precedes(name) }) ?? true {
            names.append(name)
        }
        return (files, names)
    }

    func package(_ repository: Int64, _ id: PackageID) -> PackageRecord? { tables.packages[repository]?[id] }

    func package(_ repository: Int64, place: Int, after: PackageID?) -> PackageID? {
        guard place > 0 else { return nil }
        return packages(repository, after: after, upTo: nil, limit: .max, matching: nil).dropFirst(place - 1).first?.id
    }

    func packages(
        _ repository: Int64, after: PackageID?, upTo last: PackageID?, limit: Int, matching: String?
    ) -> [PackageRecord] {
        let found = (tables.packages[repository] ?? [:]).values.filter { package in
            let isAfter = after.map { $0.name.precedes(package.id.name) } ?? true
            let isWithin = last.map { !$0.name.precedes(package.id.name) } ?? true
            guard isAfter, isWithin, let matching else { return isAfter && isWithin }
            return package.id.name.containsBytes(of: matching) || package.displayName.containsBytes(of: matching)
        }
        return Array(found.sorted { $0.id.name.precedes($1.id.name) }.prefix(max(0, limit)))
    }

    func put(_ asset: StoredAsset) throws {
        guard tables.repositories[asset.repository] != nil else { throw Self.unrelated }
        tables.assets[asset.repository, default: [:]][asset.record.path] = asset
        if asset.uploadedBy != nil { count(asset.repository, asset.record.package) }
    }

    /// Counts a change of a package.
    private func count(_ repository: Int64, _ package: PackageID?) {
        guard let package else { return }
        let serial = nextSerial(repository)
        tables.packages[repository]?[package]?.serial = serial
    }

    private func nextSerial(_ repository: Int64) -> Int64 {
        let serial = tables.lastSerial + 1
        tables.lastSerial = serial
        tables.serials[repository] = serial
        return serial
    }

    func serial(ofRepository repository: Int64) -> Int64 { tables.serials[repository] ?? 0 }

    func renewSerials(_ repository: Int64) {
        let serial = nextSerial(repository)
        for id in (tables.packages[repository] ?? [:]).keys { tables.packages[repository]?[id]?.serial = serial }
    }

    func deleteAsset(_ repository: Int64, _ path: AssetPath) -> Bool {
        if let asset = asset(repository, path), asset.uploadedBy != nil { count(repository, asset.record.package) }
        tables.assets[repository] = tables.assets[repository]?.filter { $0.value.record.sidecarOf != path }
        return tables.assets[repository]?.removeValue(forKey: path) != nil
    }

    func put(_ package: PackageRecord) throws {
        guard tables.repositories[package.repository] != nil else { throw Self.unrelated }
        let earlier = self.package(package.repository, package.id)
        var package = package
        package.serial = nextSerial(package.repository)
        package.attributesSerial =
            earlier.flatMap { $0.attributes == package.attributes ? $0.attributesSerial : nil } ?? package.serial
        tables.packages[package.repository, default: [:]][package.id] = package
    }

    func deletePackage(_ repository: Int64, _ id: PackageID) throws {
        let left = assets(repository, package: id)
        guard left.allSatisfy({ $0.record.sidecarOf != nil }) else {
            throw SaveError(.conflict, "the package still has files: delete them first")
        }
        for sidecar in left { tables.assets[repository]?[sidecar.record.path] = nil }
        count(repository, id)
        tables.packages[repository]?[id] = nil
    }

    // MARK: - Names of deleted files

    func retiredName(_ repository: Int64, _ path: AssetPath) -> RetiredName? { tables.retired[repository]?[path] }

    func retiredName(_ repository: Int64, package: PackageID, identity: String) -> RetiredName? {
        retiredNames(repository, package: package).first { $0.identity == identity }
    }

    func retiredNames(_ repository: Int64, package: PackageID) -> [RetiredName] {
        (tables.retired[repository] ?? [:]).values.filter { $0.package == package }.sorted { $0.path < $1.path }
    }

    func packagesOfRetiredNames(_ repository: Int64, after: PackageID?, limit: Int) -> [PackageID] {
        let found = Set((tables.retired[repository] ?? [:]).values.compactMap(\.package)).filter { package in
            after.map { $0.name.precedes(package.name) } ?? true
        }
        return Array(found.sorted { $0.name.precedes($1.name) }.prefix(max(0, limit)))
    }

    func put(_ name: RetiredName) throws {
        guard tables.repositories[name.repository] != nil else { throw Self.unrelated }
        tables.retired[name.repository, default: [:]][name.path] = name
    }

    func deleteRetiredName(_ repository: Int64, _ path: AssetPath) -> Bool {
        tables.retired[repository]?.removeValue(forKey: path) != nil
    }

    // MARK: - What a proxy knows of its upstream

    func cachedIndex(_ repository: Int64, _ key: String) -> CachedIndex? { tables.indexes[repository]?[Array(key.utf8)] }

    func put(_ index: CachedIndex) throws {
        guard tables.repositories[index.repository] != nil else { throw Self.unrelated }
        tables.indexes[index.repository, default: [:]][Array(index.key.utf8)] = index
    }

    func deleteCachedIndexes(_ repository: Int64, key: String?) {
        if let key {
            tables.indexes[repository]?[Array(key.utf8)] = nil
        } else {
            tables.indexes[repository] = nil
        }
    }
}
