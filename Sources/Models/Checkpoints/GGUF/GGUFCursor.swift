/// Reads little-endian values one after another, never past the end.
struct GGUFCursor {
    let file: FileBytes
    private(set) var offset = 0

    init(_ file: FileBytes, at offset: Int = 0) {
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
            code: code, file: file.path, field: field, byteOffset: place ?? offset, message: message
        )
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

    /// A count or length, which is a `UInt64`; the rest of the file has room for `most`.
    mutating func count(_ field: String, most: Int) throws(CheckpointError) -> Int {
        let place = offset
        let value = try integer(UInt64.self, field)
        guard value <= UInt64(max(0, most)) else {
            throw error(
                .truncated, field,
                """
                announces \(value), the rest of the file holds at most \(max(0, most)); \
                it is cut off or damaged: fetch it again
                """, at: place)
        }
        return Int(value)
    }

    mutating func string(_ field: String) throws(CheckpointError) -> String {
        let length = try count(field, most: remaining - 8)
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + length])
        guard unsafe isUTF8(bytes) else {
            throw error(.invalidField, field, "is no valid UTF-8 text; the file is damaged")
        }
        offset += length
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// Checks `count` strings and goes past them, building none.
    mutating func skipStrings(_ count: Int, _ field: String) throws(CheckpointError) {
        for _ in 0..<count {
            let length = try self.count(field, most: remaining - 8)
            guard
                unsafe isUTF8(
                    UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + length]))
            else {
                throw error(.invalidField, field, "holds no valid UTF-8 text; the file is damaged")
            }
            offset += length
        }
    }
}

/// Whether bytes are well-formed UTF-8 (table 3-7 of the Unicode Standard).
///
/// `String(validating:)` says the same, but takes ten times as long on texts as short as tokens.
private func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    while position < bytes.count {
        let lead = unsafe bytes[position]
        position += 1
        guard lead >= 0x80 else { continue }
        let (continuations, second): (Int, ClosedRange<UInt8>)
        switch lead {
        case 0xC2...0xDF: (continuations, second) = (1, 0x80...0xBF)
        case 0xE0: (continuations, second) = (2, 0xA0...0xBF)
        case 0xED: (continuations, second) = (2, 0x80...0x9F)
        case 0xE1...0xEF: (continuations, second) = (2, 0x80...0xBF)
        case 0xF0: (continuations, second) = (3, 0x90...0xBF)
        case 0xF1...0xF3: (continuations, second) = (3, 0x80...0xBF)
        case 0xF4: (continuations, second) = (3, 0x80...0x8F)
        default: return false
        }
        guard bytes.count - position >= continuations,
            unsafe second.contains(bytes[position])
        else { return false }
        for rest in 1..<continuations {
            guard unsafe bytes[position + rest] & 0xC0 == 0x80 else { return false }
        }
        position += continuations
    }
    return true
}
