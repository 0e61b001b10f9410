import Foundation
import Tensors

/// Keeps the prefix tree on disk, so that a restart need not compute again what clients will ask again.
///
/// The file is a copy of the pages that were used last, written whole and renamed into place: an interrupted or failed
/// write leaves the file before it. It belongs to one model, one layout of pages and one version of this format;
/// another's is passed over and written anew. Pages of adapters are not kept.
///
/// Cost: a page's size on disk for every 64 tokens, 0.1 MB to 10 MB by model; reading and writing run at the disk's speed.
///
/// All numbers are little-endian:
///
///     0   "BERTHKV1"
///     8   fingerprint of the model
///     16  bytes of a page
///     24  tokens of a page
///     32  number of pages
///     40  for each page: position of the page before it in this list or -1, checksum of that, its tokens and bytes, its tokens; 8 bytes each
///         the pages' bytes
package struct PrefixStore: Sendable {
    private static let magic = Array("BERTHKV1".utf8)

    package let path: String
    /// Of the model whose pages these are.
    package let fingerprint: UInt64
    /// Most bytes that the file may have.
    package let limit: Int

    package init(path: String, fingerprint: UInt64, limit: Int) {
        self.path = path
        self.fingerprint = fingerprint
        self.limit = limit
    }

    /// Why pages could not be kept or read.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let message: String

        package var description: String { message }
    }

    // MARK: Writing

    /// Writes the pages that were used last; the file before stays where that fails.
    ///
    /// - Returns: how many pages were written.
    package func save(_ cache: KVCache) throws(Failure) -> Int {
        let layout = cache.pool.layout
        let record = layout.byteCount + (layout.positions + 2) * 8
        let entries = cache.tree.entries(scope: 0, limit: max(0, (limit - 40) / record))
        let temporary = path + ".\(ProcessInfo.processInfo.processIdentifier).part"
        let files = FileManager.default
        do {
            try files.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            // Texts of clients can be read out of the pages.
            guard
                files.createFile(
                    atPath: temporary, contents: nil, attributes: [.posixPermissions: 0o600]),
                let file = FileHandle(forWritingAtPath: temporary)
            else { throw CocoaError(.fileWriteNoPermission) }
            try file.write(contentsOf: header(entries, cache.pool))
            for entry in entries {
                try file.write(contentsOf: unsafe Data(bytes(of: entry.page, in: cache.pool)))
            }
            try file.synchronize()
            try file.close()
            guard unsafe rename(temporary, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            // What is left of it is in the way of the next try only.
            try? files.removeItem(atPath: temporary)
            throw Failure(
                message: """
                    the prefix cache could not be kept in \(path): \(Self.reason(error)); answers are not affected, \
                    the next start computes their beginnings again
                    """)
        }
        return entries.count
    }

    private func header(_ entries: [PrefixTree.Entry], _ pool: PagePool) -> Data {
        var data = Data(Self.magic)
        func add(_ value: Int) {
            unsafe withUnsafeBytes(of: value.littleEndian) { unsafe data.append(contentsOf: $0) }
        }
        add(Int(bitPattern: UInt(fingerprint)))
        for value in [pool.layout.byteCount, pool.layout.positions, entries.count] { add(value) }
        for entry in entries {
            add(entry.parent ?? -1)
            add(
                unsafe Self.checksum(
                    bytes(of: entry.page, in: pool), after: [entry.parent ?? -1] + entry.tokens))
            for token in entry.tokens { add(token) }
        }
        return data
    }

    // MARK: Reading

    /// Fills an empty cache with the pages that were kept, as many as fit into `pages` pages.
    ///
    /// - Returns: how many were read; 0 where there is no file, or one of another model.
    /// - Throws: where the file is damaged; what was read until then is sound and stays.
    package func load(into cache: KVCache, pages: Int) throws(Failure) -> Int {
        guard let file = FileHandle(forReadingAtPath: path) else { return 0 }
        let layout = cache.pool.layout
        guard let start = read(40, from: file), Array(start.prefix(8)) == Self.magic else {
            throw damaged("does not begin as one should")
        }
        let numbers = Self.numbers(start.dropFirst(8))
        guard numbers[0] == Int(bitPattern: UInt(fingerprint)), numbers[1] == layout.byteCount,
            numbers[2] == layout.positions
        else { return 0 }
        let record = (layout.positions + 2) * 8
        let count = numbers[3]
        guard count >= 0, count <= (limit - 40) / record,
            let table = read(count * record, from: file)
        else { throw damaged("ends within its table") }
        return try fill(cache, most: pages, table: Self.numbers(table), count: count, from: file)
    }

    private func fill(
        _ cache: KVCache, most: Int, table: [Int], count: Int, from file: FileHandle
    ) throws(Failure) -> Int {
        let layout = cache.pool.layout
        let width = layout.positions + 2
        var pages = SequencePages()
        var nodes: [PrefixTree.NodeID] = []
        defer { cache.leave(nodes) }
        for index in 0..<min(count, most) {
            let row = table[index * width..<(index + 1) * width]
            let parent = row[row.startIndex]
            guard parent >= -1, parent < index else {
                throw damaged("has a page before its parent")
            }
            guard let bytes = read(layout.byteCount, from: file) else {
                throw damaged("ends within a page")
            }
            let tokens = Array(row.dropFirst(2))
            let sum = unsafe bytes.withUnsafeBytes {
                unsafe Self.checksum($0, after: [parent] + tokens)
            }
            guard sum == row[row.startIndex + 1] else {
                throw damaged("has a page with a wrong checksum")
            }
            guard pages.grow(to: layout.positions, from: cache.pool), let page = pages.pages.first
            else { break }
            unsafe bytes.withUnsafeBytes { raw in
                let place = unsafe UnsafeMutableRawBufferPointer(
                    start: cache.pool.address(of: page), count: layout.byteCount)
                unsafe place.copyMemory(from: raw)
            }
            pages = SequencePages()
            nodes.append(
                cache.enter(
                    tokens, page: page, below: parent < 0 ? nil : nodes[parent]))
        }
        return nodes.count
    }

    private func read(_ count: Int, from file: FileHandle) -> Data? {
        guard count > 0 else { return Data() }
        guard let data = try? file.read(upToCount: count), data.count == count else { return nil }
        return data
    }

    private func damaged(_ what: String) -> Failure {
        Failure(message: "the kept prefix cache \(path) \(what); it will be written anew")
    }

    // MARK: Bytes

    private func bytes(of page: PageID, in pool: PagePool) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: pool.address(of: page), count: pool.layout.byteCount)
    }

    private static func numbers(_ data: Data) -> [Int] {
        unsafe data.withUnsafeBytes { raw in
            (0..<raw.count / 8).map { index in
                unsafe Int(littleEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: Int.self))
            }
        }
    }

    /// Finds damage, not forgery: multiply and rotate, a word at a time in four lanes.
    private static func checksum(_ bytes: UnsafeRawBufferPointer, after numbers: [Int]) -> Int {
        var lanes: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
        func mix(_ lane: UInt64, _ word: UInt64) -> UInt64 {
            let product = (lane ^ word) &* 0x9E37_79B9_7F4A_7C15
            return product << 31 | product >> 33
        }
        for number in numbers { lanes.0 = mix(lanes.0, UInt64(bitPattern: Int64(number))) }
        for offset in stride(from: 0, to: bytes.count - 31, by: 32) {
            unsafe lanes.0 = mix(
                lanes.0, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            unsafe lanes.1 = mix(
                lanes.1, bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            unsafe lanes.2 = mix(
                lanes.2, bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
            unsafe lanes.3 = mix(
                lanes.3, bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
        }
        let sum = mix(mix(mix(lanes.0, lanes.1), lanes.2), lanes.3)
        return Int(bitPattern: UInt(sum))
    }

    private static func reason(_ error: any Error) -> String {
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        return (cause ?? error as NSError).localizedDescription
    }
}
