import Foundation

/// The calls of the system that a store needs, with errors in words.
///
/// Nothing here follows a symbolic link in the last component of a path that it writes.
enum FileSystem {
    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws(HubError) {
        guard !isFolder(path) else { return }
        let parent = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        if parent != path, !parent.isEmpty { try makeFolder(trimmed(parent)) }
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST && isFolder(path) else {
            throw failure("make the folder", path)
        }
    }

    private static func trimmed(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Size and link count of a regular file; `nil` where there is none, or something else.
    static func regularFile(_ path: String) -> (size: Int, links: Int, inode: UInt64)? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return (Int(status.st_size), Int(status.st_nlink), UInt64(status.st_ino))
    }

    /// Bytes that this user may still write where the path is.
    static func freeBytes(at path: String) throws(HubError) -> Int {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else {
            throw failure("ask for the space at", path)
        }
        let (bytes, tooMany) = Int(clamping: status.f_bavail)
            .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        return tooMany ? .max : bytes
    }

    /// Gives a second name to a file.
    static func link(_ path: String, as second: String) throws(HubError) {
        guard unsafe Foundation.link(path, second) != 0 else { return }
        if errno == EPERM || errno == ENOTSUP || errno == EXDEV || errno == EMLINK {
            throw HubError(
                .storage,
                "\(second) cannot be linked to \(path): this file system has no hard links; "
                    + "choose another place for the store with BERTH_HOME")
        }
        throw failure("make", second)
    }

    static func rename(_ path: String, to other: String) throws(HubError) {
        guard unsafe Foundation.rename(path, other) == 0 else { throw failure("write", other) }
    }

    /// Removes a file; one that is not there is no error.
    static func remove(_ path: String) throws(HubError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }

    /// Makes what happened in a folder survive a crash of the machine.
    static func synchronizeFolder(_ path: String) throws(HubError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        // Some file systems cannot; they have nothing to offer in its place.
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
            throw failure("save", path)
        }
    }

    /// Writes a file that appears under its name only when it is complete and on the disk.
    static func write(_ text: String, to path: String) throws(HubError) {
        // Two pulls of one process may write the same manifest at once.
        let temporary = "\(path).\(getpid())-\(UInt32.random(in: 0 ... .max)).new"
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe open(temporary, flags, 0o644)
        guard descriptor >= 0 else { throw failure("write", temporary) }
        do throws(HubError) {
            try write(Array(text.utf8), to: descriptor, path: temporary)
            guard fsync(descriptor) == 0 else { throw failure("save", temporary) }
        } catch {
            close(descriptor)
            unsafe unlink(temporary)
            throw error
        }
        close(descriptor)
        try rename(temporary, to: path)
        try synchronizeFolder(
            trimmed(URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)))
    }

    static func write(
        _ bytes: some Collection<UInt8>, to descriptor: CInt, path: String
    ) throws(HubError) {
        let bytes = ContiguousArray(bytes)
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Foundation.write(
                    descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("write", path)
            }
            done += count
        }
    }

    /// The error of the call that just failed.
    static func failure(_ what: String, _ path: String) -> HubError {
        let code = errno
        let why =
            switch code {
            case ENOSPC, EDQUOT: "the disk is full (or this user's share of it)"
            case EFBIG: "files of this size are not allowed here"
            case EROFS: "the file system is read-only"
            case EACCES, EPERM: "not permitted"
            case ELOOP: "a symbolic link is where a file of the store should be"
            default: unsafe String(cString: strerror(code))
            }
        return HubError(.storage, "cannot \(what) \(path): \(why)")
    }
}
