import OrderedCollections

/// Reads and checks a GGUF header: every number before it is used, nothing allocated on its word alone.
///
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
struct GGUFParser {
    struct Header {
        let version: Int
        let metadata: OrderedDictionary<String, GGUFValue>
        let tensors: [GGUFTensor]
    }

    private static let deepestArray = 4
    private var cursor: GGUFCursor

    init(_ file: MappedFile) {
        cursor = GGUFCursor(file)
    }

    mutating func parse() throws(CheckpointError) -> Header {
        let version = try parseVersion()
        // A tensor's entry takes at least 24 bytes, a key with its value at least 13.
        let tensorCount = try cursor.count("tensor_count", most: cursor.remaining / 24)
        let metadataCount = try cursor.count("metadata_kv_count", most: cursor.remaining / 13)

        var metadata: OrderedDictionary<String, GGUFValue> = [:]
        for _ in 0..<metadataCount {
            let place = cursor.offset
            let key = try cursor.string("metadata key")
            guard !key.isEmpty, metadata[key] == nil else {
                throw cursor.error(
                    .invalidField, "metadata key",
                    key.isEmpty ? "is empty" : "\"\(key)\" appears twice", at: place)
            }
            metadata[key] = try parseValue(key)
        }
        try refuseSplitFiles(metadata)
        let alignment = try alignment(in: metadata)
        let entries = try parseTensorTable(count: tensorCount)
        return Header(
            version: version, metadata: metadata,
            tensors: try place(entries, alignment: alignment))
    }

    private mutating func parseVersion() throws(CheckpointError) -> Int {
        try cursor.require(4, for: "magic")
        let magic = try cursor.integer(UInt32.self, "magic")
        guard magic == 0x4655_4747 else {
            throw cursor.error(
                .notThisFormat, "magic", "is not \"GGUF\": this is no GGUF model file", at: 0)
        }
        let version = try cursor.integer(UInt32.self, "version")
        if version.byteSwapped == 2 || version.byteSwapped == 3 {
            throw cursor.error(
                .unsupported, "version", "this is a big-endian file; Berth reads little-endian ones",
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

    private func refuseSplitFiles(_ metadata: OrderedDictionary<String, GGUFValue>)
        throws(CheckpointError)
    {
        if case .integer(let count) = metadata["split.count"], count > 1 {
            throw cursor.error(
                .unsupported, "split.count",
                "this is one of \(count) parts; join them first (gguf-split --merge)", at: 0)
        }
    }

    private func alignment(in metadata: OrderedDictionary<String, GGUFValue>)
        throws(CheckpointError) -> Int
    {
        guard let value = metadata["general.alignment"] else { return 32 }
        guard case .integer(let alignment) = value, (8...(1 << 20)).contains(alignment),
            alignment & (alignment - 1) == 0
        else {
            throw cursor.error(
                .invalidField, "general.alignment", "must be a power of two from 8 to 1048576", at: 0)
        }
        return alignment
    }
}

// MARK: - Metadata values

extension GGUFParser {
    private mutating func parseValue(_ key: String) throws(CheckpointError) -> GGUFValue {
        let type = try parseType(key)
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
        case .float32:
            return .float(Double(Float(bitPattern: try cursor.integer(UInt32.self, key))))
        case .float64: return .float(Double(bitPattern: try cursor.integer(UInt64.self, key)))
        case .bool: return .bool(try parseBool(key))
        case .string: return .string(try cursor.string(key))
        case .array: return .array(try parseArray(key, depth: 1))
        }
    }

    private mutating func parseType(_ key: String) throws(CheckpointError) -> GGUFValueType {
        let place = cursor.offset
        let number = try cursor.integer(UInt32.self, key)
        guard let type = GGUFValueType(rawValue: number) else {
            throw cursor.error(
                .invalidField, key, "has value type \(number), which GGUF does not define", at: place)
        }
        return type
    }

    private mutating func parseBool(_ key: String) throws(CheckpointError) -> Bool {
        let place = cursor.offset
        let byte = try cursor.integer(UInt8.self, key)
        guard byte <= 1 else {
            throw cursor.error(
                .invalidField, key, "is a boolean of value \(byte); it must be 0 or 1", at: place)
        }
        return byte == 1
    }

    /// Walks an array's elements, so that they can be decoded later without errors.
    private mutating func parseArray(_ key: String, depth: Int) throws(CheckpointError) -> GGUFArray {
        guard depth <= Self.deepestArray else {
            throw cursor.error(
                .invalidField, key, "nests arrays more than \(Self.deepestArray) deep")
        }
        let type = try parseType(key)
        let smallest = type.size ?? (type == .string ? 8 : 12)
        let count = try cursor.count(key, most: max(0, cursor.remaining - 8) / smallest)
        let start = cursor.offset
        switch type {
        case .string:
            for _ in 0..<count { _ = try cursor.string(key) }
        case .array:
            for _ in 0..<count { _ = try parseArray(key, depth: depth + 1) }
        case .bool:
            for _ in 0..<count { _ = try parseBool(key) }
        default:
            try cursor.skip(count * smallest, key)
        }
        return GGUFArray(elementType: type, count: count, bytes: start..<cursor.offset)
    }
}

// MARK: - Tensor table

extension GGUFParser {
    /// A tensor as the table states it, its data not yet looked for.
    private struct Entry {
        let name: String
        let dimensions: [Int]
        let type: GGMLType
        let relativeOffset: Int
        let byteCount: Int
        let elementCount: Int
        /// Where the entry's offset field lies.
        let place: Int
    }

    private mutating func parseTensorTable(count: Int) throws(CheckpointError) -> [Entry] {
        var names: Set<String> = []
        var entries: [Entry] = []
        for _ in 0..<count {
            let place = cursor.offset
            let name = try cursor.string("tensor name")
            guard !name.isEmpty, names.insert(name).inserted else {
                throw cursor.error(
                    .invalidField, "tensor name",
                    name.isEmpty ? "is empty" : "\"\(name)\" appears twice", at: place)
            }
            entries.append(try parseEntry(name))
        }
        return entries
    }

    private mutating func parseEntry(_ name: String) throws(CheckpointError) -> Entry {
        let field = "tensor \(name)"
        let rankPlace = cursor.offset
        let rank = try cursor.integer(UInt32.self, field)
        guard (1...4).contains(rank) else {
            throw cursor.error(
                .invalidField, field, "has \(rank) dimensions; 1 to 4 are possible", at: rankPlace)
        }
        var dimensions: [Int] = []
        var elements = 1
        for _ in 0..<rank {
            let place = cursor.offset
            let length = try cursor.integer(UInt64.self, field)
            let (product, isTooMany) = elements.multipliedReportingOverflow(
                by: Int(exactly: length) ?? 0)
            guard product > 0, !isTooMany else {
                throw cursor.error(
                    .invalidField, field, "has a dimension of length \(length)", at: place)
            }
            elements = product
            dimensions.append(Int(length))
        }

        let typePlace = cursor.offset
        let number = try cursor.integer(UInt32.self, field)
        guard let type = GGMLType(rawValue: number) else {
            throw cursor.error(
                .unsupported, field, "has tensor type \(number), which Berth does not know",
                at: typePlace)
        }
        guard dimensions[0].isMultiple(of: type.blockElements) else {
            throw cursor.error(
                .invalidField, field,
                "has rows of \(dimensions[0]) elements, \(type.name) needs a multiple of "
                    + "\(type.blockElements)", at: typePlace)
        }
        let (byteCount, isTooLarge) = (elements / type.blockElements)
            .multipliedReportingOverflow(by: type.blockBytes)
        let offsetPlace = cursor.offset
        let offset = try cursor.integer(UInt64.self, field)
        guard !isTooLarge, let relativeOffset = Int(exactly: offset) else {
            throw cursor.error(
                .invalidField, field, "has more data than a file can hold", at: offsetPlace)
        }
        return Entry(
            name: name, dimensions: dimensions, type: type, relativeOffset: relativeOffset,
            byteCount: byteCount, elementCount: elements, place: offsetPlace)
    }

    /// Finds every tensor's data: aligned, inside the file, and nobody else's.
    private func place(_ entries: [Entry], alignment: Int) throws(CheckpointError) -> [GGUFTensor] {
        let start = (cursor.offset + alignment - 1) / alignment * alignment
        let room = cursor.file.count - start
        for entry in entries {
            let field = "tensor \(entry.name)"
            guard entry.relativeOffset.isMultiple(of: alignment) else {
                throw cursor.error(
                    .invalidField, field,
                    "begins at \(entry.relativeOffset), which is no multiple of \(alignment)",
                    at: entry.place)
            }
            guard entry.byteCount <= room, entry.relativeOffset <= room - entry.byteCount else {
                throw cursor.error(
                    .truncated, field,
                    """
                    needs \(entry.byteCount) bytes at \(entry.relativeOffset) of the data, which has \
                    \(max(0, room)); the file is cut off or damaged: fetch it again
                    """, at: entry.place)
            }
        }
        let sorted = entries.sorted { $0.relativeOffset < $1.relativeOffset }
        for (previous, next) in zip(sorted, sorted.dropFirst())
        where next.relativeOffset < previous.relativeOffset + previous.byteCount {
            throw cursor.error(
                .invalidField, "tensor \(next.name)",
                "overlaps tensor \(previous.name); the file is damaged", at: next.place)
        }
        return entries.map { entry in
            GGUFTensor(
                name: entry.name, dimensions: entry.dimensions, type: entry.type,
                byteOffset: start + entry.relativeOffset, byteCount: entry.byteCount,
                elementCount: entry.elementCount)
        }
    }
}
