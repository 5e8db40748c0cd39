internal import SaveAccess
package import SavePlatform
package import SaveStorage

/// Finds a hosted package whose name is one letter away from another: one more, one less, another one, or two that changed places
/// (the distance of Damerau and Levenshtein, restricted, of 1).
///
/// Names are compared by their bytes, as formats normalize them. Of shorter names than `minLength` nearly all are like each other.
/// The names are looked for in their order in the database, one letter after the other: it ends where no hosted name begins as the
/// wanted one does, so that the work follows from the length of the name, and hardly from how many are hosted.
package struct LookAlikeNames {
    /// Bytes of either name.
    static let minLength = 4
    /// Longer names are not compared.
    static let maxLength = 200
    /// Times that the database is asked, for all repositories.
    static let maxSteps = 20_000

    private let reading: any MetadataReading
    private var stepsLeft = Self.maxSteps

    private init(_ reading: any MetadataReading) { self.reading = reading }

    /// The first hosted package that has nearly the name of one that a proxy was asked for; none where that itself is hosted.
    package static func first(
        like package: PackageID, hostedIn repositories: [Int64], _ reading: any MetadataReading
    ) throws -> PackageID? {
        let name = Array(package.name.utf8)
        guard (minLength...maxLength).contains(name.count) else { return nil }
        for repository in repositories where try reading.package(repository, package) != nil { return nil }
        var names = LookAlikeNames(reading)
        for repository in repositories {
            if let found = try names.first(like: name, in: repository) { return found }
        }
        return nil
    }

    private mutating func first(like name: [UInt8], in repository: Int64) throws -> PackageID? {
        for place in name.indices {
            var shorter = name
            shorter.remove(at: place)
            if let found = try package(shorter, repository) { return found }
            guard place + 1 < name.count, name[place] != name[place + 1] else { continue }
            var swapped = name
            swapped.swapAt(place, place + 1)
            if let found = try package(swapped, repository) { return found }
        }
        for place in 0...name.count {
            guard let letters = try letters(behind: name[..<place], in: repository) else { return nil }
            for letter in letters {
                let longer = name[..<place] + [letter] + name[place...]
                if let found = try package(Array(longer), repository) { return found }
                guard place < name.count, letter != name[place] else { continue }
                var other = name
                other[place] = letter
                if let found = try package(other, repository) { return found }
            }
        }
        return nil
    }

    /// The letters with which hosted names go on that begin so; nil where none does.
    private mutating func letters(behind start: ArraySlice<UInt8>, in repository: Int64) throws -> [UInt8]? {
        var letters: [UInt8] = []
        var last = Array(start)
        var isAny = false
        while take() {
            let after = PackageID(normalized: String(decoding: last, as: UTF8.self))
            guard let next = try reading.packages(repository, after: after, limit: 1, matching: nil).first else { break }
            let found = Array(next.id.name.utf8)
            guard found.count > start.count, found.starts(with: start) else { break }
            isAny = true
            let letter = found[start.count]
            // On to the next letter, past all names that go on with this one: nothing is behind the last scalar. Other than ASCII, names
            // are gone through one by one.
            last = letter < 0x80 ? start + [letter] + Array("\u{10FFFF}".utf8) : found
            if letters.last != letter { letters.append(letter) }
        }
        return isAny ? letters : nil
    }

    private mutating func package(_ name: [UInt8], _ repository: Int64) throws -> PackageID? {
        guard name.count >= Self.minLength, take() else { return nil }
        return try reading.package(repository, PackageID(normalized: String(decoding: name, as: UTF8.self)))?.id
    }

    private mutating func take() -> Bool {
        guard stepsLeft > 0 else { return false }
        stepsLeft -= 1
        return true
    }
}

extension CatalogueSnapshot {
    /// Hosted repositories whose packages callers of a proxy may mean: those of its project, and those beside it in groups of its project.
    ///
    /// Groups of other projects do not count: they would tell the readers of a proxy of names that its owners never put beside it.
    func hosted(beside proxy: Repository) -> [Int64] {
        let (format, project) = (proxy.record.format, proxy.record.projectID)
        var found = repositories.filter { $0.record.projectID == project }
        for group in found where group.record.kind == .group && group.record.format == format {
            let leaves = leaves(of: group)
            if leaves.contains(where: { $0.record.id == proxy.record.id }) { found += leaves }
        }
        return Set(found.filter { $0.record.kind == .hosted && $0.record.format == format }.map(\.record.id)).sorted()
    }
}
