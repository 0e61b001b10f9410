import OrderedCollections

/// Reads and checks a GGUF header: every number before it is used, nothing allocated on its word alone.
///
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
struct GGUFParser {
    struct Header {
        let version: Int
        let metadata: OrderedDictionary<String, GGUFValue>
        /// Where each value lies, the number of its type not counted.
        let valueRanges: [String: Range<Int>]
        let tensors: [CheckpointTensor]
    }

    // Far above what models have, and low enough that a hostile file cannot turn its few bytes an entry into
    // gigabytes of ours.
    static let mostKeys = 1 << 16
    static let mostTensors = 1 << 18
    static let mostElements = 1 << 24
    static let deepestArray = 4

    var cursor: GGUFCursor
    private var metadata: OrderedDictionary<String, GGUFValue> = [:]
    private var valueRanges: [String: Range<Int>] = [:]

    init(_ file: FileBytes) {
        cursor = GGUFCursor(file)
    }

    mutating func parse() throws(CheckpointError) -> Header {
        let version = try parseVersion()
        // A tensor's entry takes at least 33 bytes, a key with its value at least 14.
        let tensorCount = try cursor.count("tensor_count", most: cursor.remaining / 33)
        try limit(tensorCount, to: Self.mostTensors, "tensor_count", at: cursor.offset - 8)
        let keyCount = try cursor.count("metadata_kv_count", most: cursor.remaining / 14)
        try limit(keyCount, to: Self.mostKeys, "metadata_kv_count", at: cursor.offset - 8)

        for _ in 0..<keyCount { try parseEntry() }
        let alignment = try alignment()
        let entries = try parseTensorTable(count: tensorCount)
        return Header(
            version: version, metadata: metadata, valueRanges: valueRanges,
            tensors: try place(entries, alignment: alignment))
    }

    private mutating func parseVersion() throws(CheckpointError) -> Int {
        let magic = try cursor.integer(UInt32.self, "magic")
        guard magic == 0x4655_4747 else {
            throw cursor.error(
                .notThisFormat, "magic",
                "is not \"GGUF\": this is no GGUF model file; convert the model to GGUF", at: 0)
        }
        let version = try cursor.integer(UInt32.self, "version")
        if version.byteSwapped == 2 || version.byteSwapped == 3 {
            throw cursor.error(
                .unsupported, "version",
                "this is a big-endian file; Berth reads little-endian ones: convert the model again",
                at: 4)
        }
        guard version == 2 || version == 3 else {
            throw cursor.error(
                .unsupported, "version",
                "is \(version); Berth reads 2 and 3 (convert the model again with a current tool)",
                at: 4)
        }
        return Int(version)
    }

    private mutating func parseEntry() throws(CheckpointError) {
        let place = cursor.offset
        let key = try cursor.string("metadata key")
        guard !key.isEmpty else {
            throw cursor.error(
                .invalidField, "metadata key", "is empty; the file is damaged", at: place)
        }
        guard metadata[key] == nil else {
            throw cursor.error(
                .invalidField, key, "appears twice in the metadata; the file is damaged", at: place)
        }
        let type = try parseType(key)
        let start = cursor.offset
        metadata[key] = try parseValue(type, key)
        valueRanges[key] = start..<cursor.offset
    }

    func limit(_ count: Int, to most: Int, _ field: String, at place: Int) throws(CheckpointError) {
        guard count <= most else {
            throw cursor.error(
                .unsupported, field, "is \(count); Berth reads at most \(most)", at: place)
        }
    }

    private func alignment() throws(CheckpointError) -> Int {
        guard let value = metadata["general.alignment"] else { return 32 }
        guard case .integer(let alignment) = value, (8...(1 << 20)).contains(alignment),
            alignment & (alignment - 1) == 0
        else {
            throw cursor.error(
                .invalidField, "general.alignment",
                "must be a power of two from 8 to 1048576; the file is damaged",
                at: valueRanges["general.alignment"]?.lowerBound)
        }
        return alignment
    }
}

// MARK: - Metadata values

extension GGUFParser {
    private mutating func parseType(_ key: String) throws(CheckpointError) -> GGUFValueType {
        let place = cursor.offset
        let number = try cursor.integer(UInt32.self, key)
        guard let type = GGUFValueType(rawValue: number) else {
            throw cursor.error(
                .invalidField, key,
                "has value type \(number), which GGUF does not define; the file is damaged",
                at: place)
        }
        return type
    }

    private mutating func parseValue(_ type: GGUFValueType, _ key: String)
        throws(CheckpointError) -> GGUFValue
    {
        switch type {
        case .uint8: return .integer(Int(try cursor.integer(UInt8.self, key)))
        case .int8: return .integer(Int(try cursor.integer(Int8.self, key)))
        case .uint16: return .integer(Int(try cursor.integer(UInt16.self, key)))
        case .int16: return .integer(Int(try cursor.integer(Int16.self, key)))
        case .uint32: return .integer(Int(try cursor.integer(UInt32.self, key)))
        case .int32: return .integer(Int(try cursor.integer(Int32.self, key)))
        case .int64: return .integer(Int(try cursor.integer(Int64.self, key)))
        case .uint64:
            let value = try cursor.integer(UInt64.self, key)
            return Int(exactly: value).map { .integer($0) } ?? .unsigned(value)
        case .float32, .float64: return .float(try cursor.double(ofType: type, key))
        case .bool: return .bool(try parseBool(key))
        case .string: return .string(try cursor.string(key))
        case .array: return .array(try parseArray(key, depth: 1))
        }
    }

    private mutating func parseBool(_ key: String) throws(CheckpointError) -> Bool {
        let place = cursor.offset
        let byte = try cursor.integer(UInt8.self, key)
        guard byte <= 1 else {
            throw cursor.error(
                .invalidField, key,
                "is a boolean of value \(byte), neither 0 nor 1; the file is damaged", at: place)
        }
        return byte == 1
    }

    /// Walks an array's elements, so that they can be decoded later without errors.
    private mutating func parseArray(_ key: String, depth: Int) throws(CheckpointError) -> GGUFArray
    {
        guard depth <= Self.deepestArray else {
            throw cursor.error(
                .unsupported, key, "nests arrays more than \(Self.deepestArray) deep")
        }
        let type = try parseType(key)
        // An element is a value, or at least a string's length, or at least an array's type and length.
        let smallest = type.size ?? (type == .string ? 8 : 12)
        let count = try cursor.count(key, most: (cursor.remaining - 8) / smallest)
        try limit(count, to: Self.mostElements, key, at: cursor.offset - 8)
        let start = cursor.offset
        switch type {
        case .string: try cursor.skipStrings(count, key)
        case .array:
            for _ in 0..<count { _ = try parseArray(key, depth: depth + 1) }
        case .bool:
            for _ in 0..<count { _ = try parseBool(key) }
        default: try cursor.skip(count * smallest, key)
        }
        return GGUFArray(elementType: type, count: count, bytes: start..<cursor.offset)
    }
}
