import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that appears under its name only when it is complete and on the disk.
///
/// Until then its bytes lie in `NAME.partial` beside it, which goes when this object goes without ``close()``. A device
/// or pipe is written in place: it must stay what it is.
@safe package final class OutputFile {
    private let path: String
    /// Where the bytes go until the file is complete.
    private let partial: String
    private let isReplaced: Bool
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isOpen = true
    private static let bufferSize = 1 << 20
    /// The partial files of this process.
    private static let unfinished = Mutex<Set<String>>([])

    /// Removes what this process has begun to write, before a signal ends it.
    package static func removeUnfinished() {
        unfinished.withLock { partials in
            for partial in partials { unsafe unlink(partial) }
            partials = []
        }
    }

    /// - `byteCount`: how long the file will become, where that is known: a disk without room for it is refused
    ///   before anything is written.
    /// - Throws: ``CheckpointError`` when the file cannot be made, somebody else is making it, or the disk is too full.
    package init(path: String, byteCount: Int? = nil) throws(CheckpointError) {
        self.path = path
        var status = stat()
        let isThere = unsafe stat(path, &status) == 0
        let kind = status.st_mode & S_IFMT
        guard !isThere || kind != S_IFDIR else {
            throw Self.error(path, "is a folder; name a file in it")
        }
        isReplaced = !isThere || kind == S_IFREG
        partial = isReplaced ? path + ".partial" : path
        let flags = O_WRONLY | O_CLOEXEC | (isReplaced ? O_CREAT | O_NOFOLLOW : 0)
        descriptor = unsafe open(partial, flags, 0o644)
        guard descriptor >= 0 else {
            throw Self.error(
                path,
                "cannot be written: \(FileBytes.reason(errno)); name a file in a folder that exists and is writable"
            )
        }
        guard isReplaced else { return }
        do throws(CheckpointError) {
            try claim(byteCount)
        } catch {
            _ = systemClose(descriptor)
            isOpen = false
            throw error
        }
    }

    deinit {
        abandon()
    }

    /// Makes the partial file this object's own, and checks the disk's room.
    private func claim(_ byteCount: Int?) throws(CheckpointError) {
        // Where a file system knows no locks, nobody else is kept out.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            throw Self.error(path, "is being written by another program; wait for it to end")
        }
        // Whoever held the lock may have given the file its name meanwhile.
        guard isFile(descriptor, at: partial) else {
            throw Self.error(path, "was finished by another program; try again")
        }
        Self.unfinished.withLock { _ = $0.insert(partial) }
        guard ftruncate(descriptor, 0) == 0 else {
            throw Self.error(path, "cannot be written: \(FileBytes.reason(errno))")
        }
        var disk = statvfs()
        guard let byteCount, unsafe fstatvfs(descriptor, &disk) == 0 else { return }
        let (room, isHuge) = UInt64(disk.f_bavail).multipliedReportingOverflow(
            by: UInt64(disk.f_frsize))
        guard !isHuge, room < UInt64(byteCount) else { return }
        unsafe unlink(partial)
        Self.unfinished.withLock { _ = $0.remove(partial) }
        throw Self.error(
            path,
            "needs \(byteCount) bytes, and the disk has \(room) left; make room or choose another disk"
        )
    }

    /// Appends text.
    package func write(_ text: String) throws(CheckpointError) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count > Self.bufferSize { try flush() }
    }

    /// Appends bytes.
    package func write(_ bytes: RawSpan) throws(CheckpointError) {
        if bytes.byteCount < Self.bufferSize {
            unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
            if buffer.count > Self.bufferSize { try flush() }
            return
        }
        try flush()
        try writeOut(bytes)
    }

    /// Appends bytes.
    package func write(_ bytes: [UInt8]) throws(CheckpointError) {
        try write(unsafe bytes.span.bytes)
    }

    /// Writes the rest, waits for the disk, and gives the file its name.
    package func close() throws(CheckpointError) {
        try flush()
        if isReplaced {
            guard fsync(descriptor) == 0 else { throw failure() }
            guard unsafe rename(partial, path) == 0 else { throw failure() }
            Self.unfinished.withLock { _ = $0.remove(partial) }
            Self.syncFolder(of: path)
        }
        isOpen = false
        guard systemClose(descriptor) == 0 else { throw failure() }
    }

    /// Removes what was written; does nothing after ``close()``.
    private func abandon() {
        guard isOpen else { return }
        isOpen = false
        if isReplaced {
            unsafe unlink(partial)
            Self.unfinished.withLock { _ = $0.remove(partial) }
        }
        _ = systemClose(descriptor)
    }

    private func flush() throws(CheckpointError) {
        guard !buffer.isEmpty else { return }
        let full = buffer
        buffer.removeAll(keepingCapacity: true)
        try writeOut(unsafe full.span.bytes)
    }

    private func writeOut(_ bytes: RawSpan) throws(CheckpointError) {
        var done = 0
        while done < bytes.byteCount {
            let count = unsafe bytes.withUnsafeBytes { unsafe self.put($0, from: done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure() }
            done += count
        }
    }

    /// Bounded pieces: Linux writes at most 2 GiB at a time, other systems refuse more.
    private func put(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe systemWrite(descriptor, base + start, min(bytes.count - start, 1 << 28))
    }

    /// Makes the new name last; a file system that cannot is no reason to call the file unwritten.
    static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "."
        let handle = unsafe open(String(folder), O_RDONLY | O_CLOEXEC)
        guard handle >= 0 else { return }
        fsync(handle)
        _ = systemClose(handle)
    }

    private func failure() -> CheckpointError {
        Self.error(path, "cannot be written: \(FileBytes.reason(errno))")
    }

    private static func error(_ path: String, _ message: String) -> CheckpointError {
        CheckpointError(
            code: .unwritable, file: path, field: "file", byteOffset: nil, message: message)
    }
}

// Inside the class these names are its own methods.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}

private func systemClose(_ descriptor: Int32) -> Int32 {
    close(descriptor)
}
