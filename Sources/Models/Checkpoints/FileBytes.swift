#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file's bytes, or what stands for a file: mapped read-only, loaded by the system when touched, shared between processes.
///
/// Another program that shortens the file while it is mapped ends this process with SIGBUS when it reads there, as with
/// every mapped file. A model reads its files while it is loaded and never afterwards, so that later nothing can happen;
/// until then replace model files by renaming, never by writing into them.
@safe final class FileBytes: Sendable {
    let path: String
    /// Immutable for the object's lifetime.
    @unsafe nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    let count: Int
    /// When the file was last written, in nanoseconds since 1970; `nil` for what is no file.
    let modified: Int?
    private let owner: Owner

    var isMapped: Bool { if case .mapping = owner { true } else { false } }

    private enum Owner {
        /// Unmapped with the object.
        case mapping
        /// Freed with the object.
        case heap
        case program
    }

    /// - Throws: `CheckpointError` when the file cannot be opened, is a folder, or is empty.
    init(path: String) throws(CheckpointError) {
        self.path = path
        func fail(_ message: String) -> CheckpointError {
            CheckpointError(
                code: .unreadable, file: path, field: "file", byteOffset: nil, message: message)
        }
        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw fail("cannot be opened: \(Self.reason(errno))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw fail("cannot be examined: \(Self.reason(errno))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw fail("is no regular file; name a model file, not a folder or device")
        }
        guard status.st_size > 0 else {
            throw fail("is empty; the download or copy may have failed")
        }
        let size = Int(status.st_size)
        let address = unsafe mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw fail("cannot be mapped into memory: \(Self.reason(errno))")
        }
        unsafe bytes = UnsafeRawBufferPointer(start: address, count: size)
        count = size
        modified = status.modified
        owner = .mapping
    }

    /// Takes a mapping over, to end it with the object.
    @unsafe init(mapping bytes: UnsafeRawBufferPointer, of path: String) {
        self.path = path
        unsafe self.bytes = bytes
        count = bytes.count
        modified = nil
        owner = .mapping
    }

    /// Bytes that live as long as the program.
    init(staticBytes: UnsafeRawBufferPointer, name: String) {
        path = name
        unsafe bytes = staticBytes
        count = staticBytes.count
        modified = nil
        owner = .program
    }

    /// Memory of so many bytes, filled by `fill`.
    init(byteCount: Int, name: String, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        path = name
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
        unsafe fill(memory)
        unsafe bytes = UnsafeRawBufferPointer(memory)
        count = byteCount
        modified = nil
        owner = .heap
    }

    convenience init(copying bytes: [UInt8], name: String) {
        unsafe self.init(byteCount: bytes.count, name: name) { unsafe $0.copyBytes(from: bytes) }
    }

    deinit {
        switch owner {
        case .mapping:
            unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        case .heap: unsafe bytes.deallocate()
        case .program: break
        }
    }

    /// Gives mapped pages back to the system, which may keep them for whoever reads the file next.
    func release(_ range: Range<Int>) {
        guard case .mapping = owner, let base = unsafe bytes.baseAddress else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        // A page at either end may hold a neighbour too; it would come back when that is read.
        let start = range.lowerBound / page * page
        unsafe madvise(
            UnsafeMutableRawPointer(mutating: base + start), range.upperBound - start, MADV_DONTNEED
        )
    }

    /// Says that gigabytes will be read front to back, again and again: huge pages, where the file system has them.
    func expectStreaming() {
        #if os(Linux)
            unsafe madvise(
                UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_HUGEPAGE)
        #endif
    }

    /// What the system says of an error number.
    static func reason(_ code: Int32) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}

extension stat {
    /// When the file was last written, in nanoseconds since 1970.
    var modified: Int {
        #if os(Linux)
            let time = st_mtim
        #else
            let time = st_mtimespec
        #endif
        return Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
    }
}
