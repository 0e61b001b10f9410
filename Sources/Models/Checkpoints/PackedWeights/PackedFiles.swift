#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Size and time of a regular file; `nil` where there is none.
func fileStatus(_ path: String) -> (size: Int, modified: Int)? {
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return (Int(status.st_size), status.modified)
}

/// Whether a path still is the file that was opened.
func isFile(_ descriptor: Int32, at path: String) -> Bool {
    var (opened, named) = (stat(), stat())
    return unsafe fstat(descriptor, &opened) == 0 && stat(path, &named) == 0
        && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
}

/// A path that means the same in every folder; links are followed, so that a file has one.
func absolutePath(_ path: String) -> String {
    guard let resolved = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
}

/// Makes a folder and those above it, for this user alone.
///
/// - Throws: ``CheckpointError`` where the system refuses.
func makeFolder(_ path: String) throws(CheckpointError) {
    guard !ModelFolder.isFolder(path), !path.isEmpty else { return }
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
        try makeFolder(String(path[..<slash]))
    }
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw CheckpointError(
            code: .unwritable, file: path, field: "folder", byteOffset: nil,
            message: "cannot be made: \(FileBytes.reason(errno))")
    }
}

/// The names in a folder, in order; none where it cannot be read.
func names(in folder: String) -> [String] {
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
        let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        names.append(name)
    }
    return names.sorted()
}

/// Removes a file; one that is not there is no error.
///
/// - Throws: ``CheckpointError`` where the system refuses.
func removeFile(_ path: String) throws(CheckpointError) {
    guard unsafe unlink(path) == 0 || errno == ENOENT else {
        throw CheckpointError(
            code: .unwritable, file: path, field: "file", byteOffset: nil,
            message: "cannot be removed: \(FileBytes.reason(errno))")
    }
}

/// Whether a process holds the lock that it writes a file under.
func isBeingWritten(_ path: String) -> Bool {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
}
