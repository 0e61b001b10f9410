import StructuredJSON
package import Tensors

/// A file of packed weights: what a model's matrices look like in memory, mapped read-only.
///
///     0     the eight bytes "BERTHPAK"
///     8     version, 32 bits; zero, 32 bits
///     16    digest of the source
///     24    bytes of the file
///     32    where the table begins
///     40    bytes of the table
///     48    checksum of the table
///     56    checksum of the bytes before
///     4096  matrices, each at a multiple of 64
///     ...   the table, JSON: source; of each matrix name, offset, bytes and checksum
///
/// Numbers have 64 bits and the machine's byte order. The matrices' checksums are compared on request only: the file
/// got its name when all of it was on the disk.
package final class PackedFile: Sendable {
    package struct Matrix: Sendable, Equatable {
        let name: String
        let range: Range<Int>
        let checksum: UInt64
    }

    package let source: PackedSource
    package let matrices: [Matrix]
    let bytes: FileBytes
    private let places: [String: Int]

    package var path: String { bytes.path }
    package var byteCount: Int { bytes.count }

    static let headerBytes = 4096
    static let alignment = 64
    private static let magic: [UInt8] = Array("BERTHPAK".utf8)
    private static let version: UInt64 = 1

    /// Maps a file and checks header and table.
    ///
    /// - Throws: ``CheckpointError`` for a file that is no whole file of packed weights.
    package init(path: String) throws(CheckpointError) {
        let bytes = try FileBytes(path: path)
        self.bytes = bytes
        func fail(
            _ code: CheckpointError.Code, _ field: String, _ offset: Int, _ message: String
        ) -> CheckpointError {
            CheckpointError(
                code: code, file: path, field: field, byteOffset: offset, message: message)
        }
        guard bytes.count >= Self.headerBytes else {
            throw fail(.truncated, "header", bytes.count, "ends before its header does")
        }
        func number(at offset: Int) -> UInt64 {
            unsafe bytes.bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        guard unsafe bytes.bytes.prefix(8).elementsEqual(Self.magic) else {
            throw fail(.notThisFormat, "header", 0, "is no file of packed weights")
        }
        guard number(at: 8) == Self.version else {
            throw fail(.unsupported, "version", 8, "is of another version")
        }
        guard
            unsafe number(at: 56) == checksum(UnsafeRawBufferPointer(rebasing: bytes.bytes[..<56]))
        else { throw fail(.invalidField, "header", 56, "has another checksum") }
        guard number(at: 24) == UInt64(bytes.count) else {
            throw fail(
                .truncated, "size", 24, "says \(number(at: 24)) bytes, there are \(bytes.count)")
        }
        guard let start = Int(exactly: number(at: 32)), let count = Int(exactly: number(at: 40)),
            start >= Self.headerBytes, start <= bytes.count, count == bytes.count - start
        else { throw fail(.invalidField, "table", 32, "lies outside the file") }
        let table = unsafe UnsafeRawBufferPointer(rebasing: bytes.bytes[start...])
        guard unsafe number(at: 48) == checksum(table) else {
            throw fail(.invalidField, "table", start, "has another checksum")
        }
        do throws(JSONError) {
            let root = JSONField(try JSONValue(parsing: unsafe Array(table)))
            source = try PackedSource(root["source"], digest: number(at: 16))
            matrices = try Self.matrices(root["matrices"], within: Self.headerBytes..<start)
        } catch {
            throw fail(.invalidField, "table", start, "\(error)")
        }
        places = Dictionary(
            matrices.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        bytes.expectStreaming()
    }

    private static func matrices(_ field: JSONField, within space: Range<Int>) throws(JSONError)
        -> [Matrix]
    {
        var matrices: [Matrix] = []
        for entry in try field.array() {
            let offset = try entry["offset"].int(in: space.lowerBound...space.upperBound)
            let count = try entry["bytes"].int(in: 0...space.upperBound - offset)
            guard offset.isMultiple(of: alignment) else {
                throw entry["offset"].invalid("must be a multiple of \(alignment)")
            }
            guard let checksum = UInt64(try entry["checksum"].string(), radix: 16) else {
                throw entry["checksum"].invalid("must be a hexadecimal number")
            }
            matrices.append(
                Matrix(
                    name: try entry["name"].string(), range: offset..<offset + count,
                    checksum: checksum))
        }
        return matrices
    }

    /// The packed form of a matrix, or `nil` where the file has none of that name and length.
    package func bytes(named name: String, count: Int) -> PackedBytes? {
        guard let place = places[name], matrices[place].range.count == count,
            let base = unsafe bytes.bytes.baseAddress
        else { return nil }
        return unsafe PackedBytes(
            base: base + matrices[place].range.lowerBound, byteCount: count, owner: bytes)
    }

    /// Whether there is a matrix of these tensors, in either layout, or a table of them.
    func holds(_ tensors: String) -> Bool {
        ["panels", "words", "rows"].contains { places["\($0) \(tensors)"] != nil }
    }

    /// The names of matrices whose bytes do not have the checksum that was stored with them.
    package func damagedMatrices() -> [String] {
        matrices.filter { matrix in
            unsafe checksum(UnsafeRawBufferPointer(rebasing: bytes.bytes[matrix.range]))
                != matrix.checksum
        }.map(\.name)
    }

    // MARK: Writing

    /// The table of a file, and the header that goes before its matrices.
    static func ends(
        source: PackedSource, matrices: [Matrix], tableStart: Int
    ) -> (header: [UInt8], table: [UInt8]) {
        let table = Array(
            JSONValue.object([
                "source": source.json,
                "matrices": .array(
                    matrices.map { matrix in
                        .object([
                            "name": .string(matrix.name),
                            "offset": .integer(matrix.range.lowerBound),
                            "bytes": .integer(matrix.range.count),
                            "checksum": .string(String(matrix.checksum, radix: 16)),
                        ])
                    }),
            ]).serialized().utf8)
        var header = Self.magic
        for number in [
            Self.version, source.digest, UInt64(tableStart + table.count), UInt64(tableStart),
            UInt64(table.count), unsafe table.withUnsafeBytes { unsafe checksum($0) },
        ] {
            unsafe withUnsafeBytes(of: number) { unsafe header.append(contentsOf: $0) }
        }
        let sum = unsafe header.withUnsafeBytes { unsafe checksum($0) }
        unsafe withUnsafeBytes(of: sum) { unsafe header.append(contentsOf: $0) }
        header += repeatElement(0, count: Self.headerBytes - header.count)
        return (header, table)
    }
}
