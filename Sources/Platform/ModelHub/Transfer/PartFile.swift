import Crypto
import Foundation
import StructuredJSON

/// A file on its way: bytes from the first one on, without holes, under a name of its own.
///
/// Whoever has it open holds a lock, so that two pulls of one file do not write into each other's. The hash of
/// everything on disk is kept up with every byte. A process that is killed leaves a part that the next one continues.
final class PartFile {
    let path: String
    private let descriptor: CInt
    private(set) var length = 0
    /// The strong entity tag of the answer that the bytes came with.
    private(set) var entityTag: String?
    private var hash = SHA256()

    private var notePath: String { path + ".json" }

    /// Opens the part, or begins one.
    /// - Returns: `nil` while another process has it.
    static func open(_ path: String) throws(HubError) -> PartFile? {
        while true {
            let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
            let descriptor = unsafe Foundation.open(path, flags, 0o644)
            guard descriptor >= 0 else { throw FileSystem.failure("write", path) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let isHeld = errno == EWOULDBLOCK
                let failure = FileSystem.failure("lock", path)
                close(descriptor)
                if isHeld { return nil }
                throw failure
            }
            // The one who had the lock may have finished the part and taken its name away.
            var status = stat()
            if unsafe fstat(descriptor, &status) == 0,
                FileSystem.regularFile(path)?.inode == UInt64(status.st_ino)
            {
                return PartFile(path, descriptor, length: Int(status.st_size))
            }
            close(descriptor)
        }
    }

    private init(_ path: String, _ descriptor: CInt, length: Int) {
        self.path = path
        self.descriptor = descriptor
        self.length = length
        entityTag = Self.note(path + ".json")
    }

    deinit {
        close(descriptor)
    }

    var state: PartState { PartState(length: length, entityTag: entityTag) }

    /// A note that cannot be read is none: the part can then only be continued under a known hash.
    private static func note(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 16,
            let note = try? JSONValue(parsing: Array(data))
        else { return nil }
        return AnswerHead.strong(note["etag"]?.string)
    }

    /// Reads what an earlier process left, for the hash; tells `progress` the bytes read so far.
    func hashWhatIsThere(progress: (Int) -> Void) throws {
        guard length > 0, lseek(descriptor, 0, SEEK_SET) == 0 else { return }
        hash = SHA256()
        var done = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while done < length {
            try Task.checkCancellation()
            let wanted = min(buffer.count, length - done)
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe read(descriptor, bytes.baseAddress, wanted)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileSystem.failure("read", path) }
            hash.update(data: buffer[..<count])
            done += count
            progress(done)
        }
    }

    /// Throws all bytes away.
    func restart() throws(HubError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw FileSystem.failure("empty", path)
        }
        length = 0
        hash = SHA256()
    }

    /// Remembers what the bytes that follow belong to, before the first of them is written.
    func note(entityTag: String?) throws(HubError) {
        let tag = AnswerHead.strong(entityTag)
        guard tag != self.entityTag else { return }
        self.entityTag = tag
        guard let tag else { return try FileSystem.remove(notePath) }
        try FileSystem.write(
            JSONValue.object(["etag": .string(tag)]).serialized() + "\n", to: notePath)
    }

    func append(_ bytes: some Collection<UInt8>) throws(HubError) {
        do throws(HubError) {
            try FileSystem.write(bytes, to: descriptor, path: path)
        } catch {
            // What was written of these bytes is not in the hash.
            guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, 0, SEEK_END) >= 0
            else {
                try FileSystem.remove(path)
                throw error
            }
            throw error
        }
        hash.update(data: ContiguousArray(bytes))
        length += bytes.count
    }

    /// SHA-256 of all bytes, 64 hexadecimal digits.
    var sha256: String { SHA256Text.text(of: hash.finalize()) }

    /// The first bytes, as many as there are.
    func beginning(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let found = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe pread(descriptor, buffer.baseAddress, buffer.count, 0)
        }
        return Array(bytes.prefix(max(0, found)))
    }

    /// Writes everything to the disk and gives the file its place; it is read-only from then on.
    func finish(as place: String) throws(HubError) {
        guard fsync(descriptor) == 0, fchmod(descriptor, 0o444) == 0 else {
            throw FileSystem.failure("save", path)
        }
        try FileSystem.rename(path, to: place)
        try FileSystem.remove(notePath)
    }

    /// Removes the part, when its content is already there.
    func discard() throws(HubError) {
        try FileSystem.remove(path)
        try FileSystem.remove(notePath)
    }
}
