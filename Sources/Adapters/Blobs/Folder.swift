internal import CLinuxFiles
internal import Glibc
internal import SaveHTTP
internal import SavePlatform

/// A folder held open: what is done below it cannot be redirected by links or by renaming it.
final class Folder: Sendable {
    let descriptor: Int32

    private init(adopting descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    /// Opens a folder, creating it for its owner only when it is missing. The last component may not be a link.
    ///
    /// - Throws: `storageUnavailable`, naming the path: this is for the start, and not for what clients ask.
    convenience init(at path: String) throws {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw PathFailure.error("the folder", path, "cannot be created", errno) }
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            // With O_DIRECTORY a link is "not a directory", too.
            let code = errno
            let isOther = code == ENOTDIR || code == ELOOP
            throw PathFailure.error(
                "the folder", path, isOther ? "is a file or a link" : "cannot be opened", isOther ? 0 : code,
                mend: isOther ? "put a folder in its place; a data directory elsewhere is named with --data" : nil)
        }
        self.init(adopting: descriptor)
    }

    /// A folder below this one; nil when there is none.
    func folder(_ path: String) throws -> Folder? {
        let descriptor = save_open_beneath(self.descriptor, path, O_RDONLY | O_DIRECTORY, 0)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw FileFailure.current("a data folder cannot be opened") }
        return Folder(adopting: descriptor)
    }

    /// A folder below this one, created for its owner only when it is missing.
    func makeFolder(_ path: String) throws -> Folder {
        if mkdirat(descriptor, path, 0o700) != 0, errno != EEXIST {
            throw FileFailure.current("a data folder cannot be created")
        }
        guard let folder = try folder(path) else { throw FileFailure.error(ENOENT, "a data folder cannot be opened") }
        return folder
    }

    /// Opens a plain file below this folder; nil when there is none.
    ///
    /// - Throws: `blobCorrupt` for a link, a pipe or anything else that is not a plain file.
    func file(_ path: String, _ flags: Int32 = O_RDONLY) throws -> (descriptor: OpenFile, facts: stat)? {
        // O_NONBLOCK: opening a pipe would wait for its other end; plain files ignore it.
        let descriptor = save_open_beneath(self.descriptor, path, flags | O_NONBLOCK, 0)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw FileFailure.current("a stored file cannot be opened") }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else {
            defer { close(descriptor) }
            throw FileFailure.current("a stored file cannot be opened")
        }
        let file = OpenFile(adopting: descriptor, size: Int64(facts.st_size))
        guard facts.st_mode & S_IFMT == S_IFREG else { throw FileFailure.error(ELOOP, "") }
        return (file, facts)
    }

    /// Creates a file that is not there yet, for its owner only.
    func create(_ name: String) throws -> OpenFile {
        let descriptor = save_open_beneath(self.descriptor, name, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw FileFailure.current("a file cannot be created") }
        return OpenFile(adopting: descriptor, size: 0)
    }

    /// Makes the names in this folder durable.
    func sync() throws {
        guard DiskSync.folder(descriptor) else { throw FileFailure.current("a data folder cannot be synced") }
    }

    /// The names in this folder, in the order of their bytes.
    func names() throws -> [String] {
        // fdopendir takes its descriptor over, and a position of its own is needed.
        let copy = save_open_beneath(descriptor, ".", O_RDONLY | O_DIRECTORY, 0)
        guard copy >= 0 else { throw FileFailure.current("a data folder cannot be read") }
        guard let stream = fdopendir(copy) else {
            let error = FileFailure.current("a data folder cannot be read")
            close(copy)
            throw error
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            // readdir(3): at the end it gives nothing as well, and leaves errno as it was.
            errno = 0
            guard let entry = readdir(stream) else {
                let code = errno
                guard code == 0 else { throw FileFailure.error(code, "a data folder cannot be read") }
                break
            }
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
