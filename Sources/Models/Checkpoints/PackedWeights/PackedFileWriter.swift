import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Packs matrices into a file that is mapped already, so that there is no second copy of them.
///
/// Panels are packed into a few megabytes of memory, and written from there two megabytes at a time: pieces of that size
/// become huge pages of the page cache where the file system has them, and a full disk is an error of `write`, where
/// writing through the mapping would end the process. After an error the rest of the mapping becomes memory of the process,
/// and the file goes; whoever packs notices nothing.
///
/// The bytes lie in `NAME.partial` until all of them are on the disk. For one thread at a time.
@safe final class PackedFileWriter: @unchecked Sendable {
    /// Bytes that are written at once, and begin at multiples of themselves.
    static let piece = 2 << 20
    /// Bytes that are packed before they are written.
    private static let span = 8 << 20

    private let path: String
    private let partial: String
    private let descriptor: Int32
    /// Room for everything; pages are there as far as the file is written.
    private let mapping: FileBytes
    private var matrices: [PackedFile.Matrix] = []
    /// Where the next matrix goes.
    private var end = PackedFile.headerBytes
    /// All before this is in the file, or handed to `waiting`; a multiple of `piece`.
    private var flushed = 0
    /// What follows: `end - flushed` bytes.
    private var staged = AlignedBuffer(byteCount: 2 * span, zeroed: false)
    private var spare = AlignedBuffer(byteCount: 2 * span, zeroed: false)
    /// What is to be written next, of `spare`.
    private var waiting: Range<Int>?
    private(set) var failure: CheckpointError?
    private var isOpen = true

    /// - `room`: at least as many bytes as all matrices will have.
    /// - Throws: ``CheckpointError`` when the file cannot be made or the disk is too full; of code `busy` when another
    ///   process is making it.
    init(path: String, room: Int) throws(CheckpointError) {
        self.path = path
        partial = path + ".partial"
        func fail(_ message: String) -> CheckpointError {
            CheckpointError(
                code: .unwritable, file: path, field: "file", byteOffset: nil, message: message)
        }
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        descriptor = unsafe open(partial, flags, 0o600)
        guard descriptor >= 0 else {
            throw fail("cannot be written: \(FileBytes.reason(errno))")
        }
        do throws(CheckpointError) {
            try Self.claim(descriptor, partial, room: room, fail)
            mapping = try Self.map(descriptor, partial, room: room, fail)
        } catch {
            close(descriptor)
            isOpen = false
            throw error
        }
        unsafe memset(staged.base, 0, PackedFile.headerBytes)
    }

    deinit {
        abandon()
    }

    private static func claim(
        _ descriptor: Int32, _ partial: String, room: Int, _ fail: (String) -> CheckpointError
    ) throws(CheckpointError) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else {
                let reason = FileBytes.reason(errno)
                unsafe unlink(partial)
                throw fail("cannot be locked: \(reason)")
            }
            throw CheckpointError(
                code: .busy, file: partial, field: "file", byteOffset: nil,
                message: "is being written by another program")
        }
        // Whoever held the lock may have given the file its name meanwhile, and use it.
        guard isFile(descriptor, at: partial) else {
            throw CheckpointError(
                code: .busy, file: partial, field: "file", byteOffset: nil,
                message: "was finished by another program")
        }
        guard ftruncate(descriptor, 0) == 0 else {
            throw fail("cannot be written: \(FileBytes.reason(errno))")
        }
        var disk = statvfs()
        guard unsafe fstatvfs(descriptor, &disk) == 0 else { return }
        let (free, isHuge) = UInt64(disk.f_bavail).multipliedReportingOverflow(
            by: UInt64(disk.f_frsize))
        guard isHuge || free > UInt64(room) else {
            unsafe unlink(partial)
            throw fail("needs up to \(room) bytes, and the disk has \(free) left")
        }
    }

    private static func map(
        _ descriptor: Int32, _ partial: String, room: Int, _ fail: (String) -> CheckpointError
    ) throws(CheckpointError) -> FileBytes {
        // More than the file will have: it grows into the mapping.
        let length = (PackedFile.headerBytes + room + 2 * piece) / piece * piece
        let address = unsafe mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            unsafe unlink(partial)
            throw fail("cannot be mapped into memory: \(FileBytes.reason(errno))")
        }
        let mapping = unsafe FileBytes(
            mapping: UnsafeRawBufferPointer(start: address, count: length), of: partial)
        mapping.expectStreaming()
        return mapping
    }

    /// Packs a matrix; `nil` when there is no room for it.
    func append(_ packing: Packing, on team: ThreadTeam) -> PackedBytes? {
        let range = end..<end + packing.byteCount
        guard range.upperBound <= mapping.count, let base = unsafe mapping.bytes.baseAddress else {
            return nil
        }
        matrices.append(PackedFile.Matrix(name: packing.name, range: range, checksum: 0))
        var next = 0
        while next < packing.panels {
            let first = next
            let start = packing.offset(first)
            repeat {
                next += 1
            } while next < packing.panels && packing.offset(next + 1) - start <= Self.span
            if failure == nil {
                pack(packing, first..<next, on: team)
            } else {
                unsafe packing.run(
                    first..<next, into: UnsafeMutableRawPointer(mutating: base + end), on: team)
                end = range.lowerBound + packing.offset(next)
            }
        }
        return unsafe PackedBytes(
            base: base + range.lowerBound, byteCount: range.count, owner: mapping)
    }

    /// Packs some panels behind what is staged, while what was staged before is written.
    private func pack(_ packing: Packing, _ panels: Range<Int>, on team: ThreadTeam) {
        let count = packing.offset(panels.upperBound) - packing.offset(panels.lowerBound)
        let fill = end - flushed
        if fill + count > staged.byteCount {
            // A panel of megabytes; the usual ones never need this.
            let larger = AlignedBuffer(byteCount: fill + count + Self.piece, zeroed: false)
            unsafe memcpy(larger.base, staged.base, fill)
            staged = larger
        }
        let beside: (() -> Void)? = waiting == nil ? nil : { self.writeWaiting() }
        unsafe packing.run(panels, into: staged.base + fill, on: team, beside: beside)
        end += count
        guard failure == nil else { return keepInMemory() }
        let whole = (fill + count) / Self.piece * Self.piece
        guard whole > Self.span / 2 else { return }
        hand(over: whole)
    }

    /// Makes the first `count` staged bytes what is written next.
    private func hand(over count: Int) {
        let rest = end - flushed - count
        if spare.byteCount < rest + Self.span + Self.piece {
            spare = AlignedBuffer(byteCount: rest + Self.span + 2 * Self.piece, zeroed: false)
        }
        unsafe memcpy(spare.base, staged.base + count, rest)
        swap(&staged, &spare)
        waiting = flushed..<flushed + count
        flushed += count
    }

    private func writeWaiting() {
        guard let range = waiting else { return }
        failure = unsafe write(spare.base, at: range)
        if failure == nil { waiting = nil }
    }

    private func write(_ bytes: UnsafeMutableRawPointer, at range: Range<Int>) -> CheckpointError? {
        var done = 0
        while done < range.count {
            let count = unsafe pwrite(
                descriptor, bytes + done, min(range.count - done, Self.piece),
                off_t(range.lowerBound + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                return CheckpointError(
                    code: .unwritable, file: path, field: "file",
                    byteOffset: range.lowerBound + done,
                    message: "cannot be written: \(FileBytes.reason(count < 0 ? errno : ENOSPC))")
            }
            done += count
        }
        return nil
    }

    /// Puts memory where the file was to be, from the first byte that is not written on.
    private func keepInMemory() {
        guard let base = unsafe mapping.bytes.baseAddress else { return }
        let start = waiting?.lowerBound ?? flushed
        let target = unsafe UnsafeMutableRawPointer(mutating: base + start)
        let room = mapping.count - start
        let address = unsafe mmap(
            target, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
        // The matrices before are in use and cannot be had again: as without memory for any other buffer.
        precondition(unsafe address == target, "no memory for \(room) bytes")
        #if os(Linux)
            unsafe madvise(target, room, MADV_HUGEPAGE)
        #endif
        if let waiting {
            unsafe memcpy(target, spare.base, waiting.count)
        }
        unsafe memcpy(target + (flushed - start), staged.base, end - flushed)
        waiting = nil
        abandon()
    }

    /// Writes the rest of the matrices; afterwards only ``save(_:)`` is left to do.
    func flush() {
        guard failure == nil else { return }
        writeWaiting()
        if failure == nil {
            waiting = nil
            hand(over: end - flushed)
            writeWaiting()
        }
        if failure != nil { keepInMemory() }
    }

    /// Adds checksums and the table, waits for the disk, and gives the file its name.
    ///
    /// - Throws: ``CheckpointError`` when the disk is full or fails; the matrices stay as they are.
    func save(_ source: PackedSource) throws(CheckpointError) {
        defer { abandon() }
        if let failure { throw failure }
        let checked = matrices.map { matrix in
            PackedFile.Matrix(
                name: matrix.name, range: matrix.range,
                checksum: unsafe checksum(
                    UnsafeRawBufferPointer(rebasing: mapping.bytes[matrix.range])))
        }
        let (header, table) = PackedFile.ends(source: source, matrices: checked, tableStart: end)
        for (bytes, offset) in [(table, end), (header, 0)] {
            let copy = AlignedBuffer(byteCount: bytes.count, zeroed: false)
            unsafe bytes.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                unsafe memcpy(copy.base, base, bytes.count)
            }
            if let failure = unsafe write(copy.base, at: offset..<offset + bytes.count) {
                throw failure
            }
        }
        guard fsync(descriptor) == 0, unsafe rename(partial, path) == 0 else {
            throw CheckpointError(
                code: .unwritable, file: path, field: "file", byteOffset: nil,
                message: "cannot be written: \(FileBytes.reason(errno))")
        }
        isOpen = false
        close(descriptor)
        OutputFile.syncFolder(of: path)
    }

    /// Removes what was written, unless it has its name; what is mapped stays until nobody uses it.
    private func abandon() {
        guard isOpen else { return }
        isOpen = false
        unsafe unlink(partial)
        close(descriptor)
    }
}
