/// Reads little-endian values one after another, never past the end.
struct GGUFCursor {
    let file: MappedFile
    private(set) var offset = 0

    init(_ file: MappedFile, at offset: Int = 0) {
        self.file = file
        self.offset = offset
    }

    var remaining: Int {
        file.count - offset
    }

    func error(
        _ code: CheckpointError.Code, _ field: String, _ message: String, at place: Int? = nil
    ) -> CheckpointError {
        CheckpointError(
            code: code, file: file.path, field: field, byteOffset: place ?? offset, message: message)
    }

    /// Checks that `count` more bytes are there.
    func require(_ count: Int, for field: String) throws(CheckpointError) {
        guard count <= remaining else {
            throw error(
                .truncated, field,
                """
                needs \(count) bytes, the file has \(remaining) left; \
                it is cut off or damaged: fetch it again
                """)
        }
    }

    mutating func skip(_ count: Int, _ field: String) throws(CheckpointError) {
        try require(count, for: field)
        offset += count
    }

    mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, _ field: String)
        throws(CheckpointError) -> T
    {
        let size = MemoryLayout<T>.size
        try require(size, for: field)
        defer { offset += size }
        return unsafe T(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// A count or length: `UInt64` in version 3 and 2 files; must be no more than `most`.
    mutating func count(_ field: String, most: Int) throws(CheckpointError) -> Int {
        let place = offset
        let value = try integer(UInt64.self, field)
        guard value <= UInt64(most) else {
            throw error(
                .invalidField, field,
                "announces \(value), more than the file can hold (\(most)); the file is damaged",
                at: place)
        }
        return Int(value)
    }

    mutating func string(_ field: String) throws(CheckpointError) -> String {
        let length = try count(field, most: remaining)
        try require(length, for: field)
        let place = offset
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + length])
        guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
            throw error(
                .invalidField, field, "is no valid UTF-8 text; the file is damaged", at: place)
        }
        offset += length
        return text
    }
}
