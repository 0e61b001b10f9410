/// Builds the bytes of a GGUF file and remembers where each field lies, so that tests can damage exactly one.
struct GGUFBytes {
    indirect enum Value {
        case uint8(UInt8)
        case int8(Int8)
        case uint16(UInt16)
        case int16(Int16)
        case uint32(UInt32)
        case int32(Int32)
        case float32(Float)
        case bool(Bool)
        case string(String)
        case array(type: UInt32, [Value])
        case uint64(UInt64)
        case int64(Int64)
        case float64(Double)

        var type: UInt32 {
            switch self {
            case .uint8: 0
            case .int8: 1
            case .uint16: 2
            case .int16: 3
            case .uint32: 4
            case .int32: 5
            case .float32: 6
            case .bool: 7
            case .string: 8
            case .array: 9
            case .uint64: 10
            case .int64: 11
            case .float64: 12
            }
        }
    }

    struct Tensor {
        var name: String
        var dimensions: [UInt64]
        var type: UInt32
        var offset: UInt64
    }

    private(set) var bytes: [UInt8] = []
    /// Byte offsets by the names that ``init(version:metadata:tensors:alignment:data:)`` gives them.
    private(set) var marks: [String: Int] = [:]

    /// Marks `magic`, `version`, `tensor_count`, `metadata_kv_count`, `data`; for a key `k` `key:k`, `type:k`,
    /// `value:k`; for a tensor `t` `name:t`, `rank:t`, `dimensions:t`, `element type:t`, `offset:t`.
    init(
        version: UInt32 = 3, metadata: [(String, Value)] = [], tensors: [Tensor] = [],
        alignment: Int = 32, data: [UInt8] = []
    ) {
        mark("magic")
        bytes += Array("GGUF".utf8)
        mark("version")
        append(version)
        mark("tensor_count")
        append(UInt64(tensors.count))
        mark("metadata_kv_count")
        append(UInt64(metadata.count))
        for (key, value) in metadata {
            mark("key:\(key)")
            append(key)
            mark("type:\(key)")
            append(value.type)
            mark("value:\(key)")
            append(value)
        }
        for tensor in tensors {
            mark("name:\(tensor.name)")
            append(tensor.name)
            mark("rank:\(tensor.name)")
            append(UInt32(tensor.dimensions.count))
            mark("dimensions:\(tensor.name)")
            for length in tensor.dimensions { append(length) }
            mark("element type:\(tensor.name)")
            append(tensor.type)
            mark("offset:\(tensor.name)")
            append(tensor.offset)
        }
        if !data.isEmpty {
            while !bytes.count.isMultiple(of: alignment) { bytes.append(0) }
        }
        mark("data")
        bytes += data
    }

    mutating func put(_ values: [UInt8], at place: Int) {
        bytes.replaceSubrange(place..<place + values.count, with: values)
    }

    static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private mutating func mark(_ name: String) {
        marks[name] = bytes.count
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        bytes += Self.littleEndian(value)
    }

    private mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        bytes += Array(text.utf8)
    }

    private mutating func append(_ value: Value) {
        switch value {
        case .uint8(let number): append(number)
        case .int8(let number): append(number)
        case .uint16(let number): append(number)
        case .int16(let number): append(number)
        case .uint32(let number): append(number)
        case .int32(let number): append(number)
        case .float32(let number): append(number.bitPattern)
        case .bool(let bool): bytes.append(bool ? 1 : 0)
        case .string(let text): append(text)
        case .array(let type, let elements):
            append(type)
            append(UInt64(elements.count))
            for element in elements { append(element) }
        case .uint64(let number): append(number)
        case .int64(let number): append(number)
        case .float64(let number): append(number.bitPattern)
        }
    }
}

extension GGUFBytes {
    /// Some of everything: all value types, nested arrays, tensors of several types with data.
    static func sample(version: UInt32 = 3) -> GGUFBytes {
        GGUFBytes(
            version: version,
            metadata: [
                ("general.architecture", .string("llama")), ("general.alignment", .uint32(32)),
                ("u8", .uint8(200)), ("i8", .int8(-100)), ("u16", .uint16(60_000)),
                ("i16", .int16(-30_000)), ("u32", .uint32(4_000_000_000)),
                ("i32", .int32(-2_000_000_000)), ("u64", .uint64(1 << 40)),
                ("i64", .int64(-1 << 40)),
                ("huge", .uint64(.max)), ("f32", .float32(0.5)), ("f64", .float64(0.1)),
                ("yes", .bool(true)), ("no", .bool(false)), ("text", .string("泊位 ⚓")),
                ("strings", .array(type: 8, [.string("a"), .string(""), .string("泊")])),
                ("empty", .array(type: 8, [])),
                ("bytes", .array(type: 0, [.uint8(1), .uint8(255)])),
                ("longs", .array(type: 10, [.uint64(1), .uint64(.max)])),
                ("shorts", .array(type: 3, [.int16(-1), .int16(7)])),
                ("floats", .array(type: 6, [.float32(0.25), .float32(-3)])),
                ("doubles", .array(type: 12, [.float64(0.1)])),
                ("bools", .array(type: 7, [.bool(true), .bool(false)])),
                (
                    "nested",
                    .array(
                        type: 9,
                        [
                            .array(type: 5, [.int32(1), .int32(-2)]),
                            .array(type: 8, [.string("in")]),
                        ])
                ),
            ],
            tensors: [
                Tensor(name: "plain", dimensions: [4, 3], type: 0, offset: 0),
                Tensor(name: "blocks", dimensions: [32, 2], type: 8, offset: 64),
                Tensor(name: "later", dimensions: [22], type: 28, offset: 160),
            ],
            data: (0..<352).map { UInt8(truncatingIfNeeded: $0) })
    }
}
