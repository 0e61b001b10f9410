package import OrderedCollections

/// Metadata to write, in order, each value as the bytes that the file will hold.
package struct GGUFMetadata: Sendable {
    /// By key: the number of the type, then the value.
    private(set) var entries: OrderedDictionary<String, [UInt8]> = [:]

    package init() {}

    /// All metadata of a checkpoint, byte for byte.
    package init(copying checkpoint: Checkpoint) {
        for key in checkpoint.metadata.keys {
            entries[key] = checkpoint.rawMetadata(key)
        }
    }

    package var keys: OrderedSet<String> {
        entries.keys
    }

    /// Setting a key that is there keeps its place; `nil` removes it.
    package mutating func set(_ key: String, _ value: GGUFTypedValue?) {
        guard let value else {
            entries[key] = nil
            return
        }
        var bytes: [UInt8] = []
        bytes.append(integer: value.type.rawValue)
        value.encode(into: &bytes)
        entries[key] = bytes
    }

    /// Takes over what `other` holds; its values win.
    package mutating func merge(_ other: GGUFMetadata) {
        entries.merge(other.entries) { $1 }
    }
}

/// A metadata value in the type that the file shall give it.
package indirect enum GGUFTypedValue: Sendable, Equatable {
    case uint8(UInt8)
    case int8(Int8)
    case uint16(UInt16)
    case int16(Int16)
    case uint32(UInt32)
    case int32(Int32)
    case float32(Float)
    case bool(Bool)
    case string(String)
    /// Every element must be of the type.
    case array(GGUFValueType, [GGUFTypedValue])
    case uint64(UInt64)
    case int64(Int64)
    case float64(Double)

    package static func strings(_ strings: [String]) -> GGUFTypedValue {
        .array(.string, strings.map { .string($0) })
    }

    package static func int32s(_ integers: [Int32]) -> GGUFTypedValue {
        .array(.int32, integers.map { .int32($0) })
    }

    package static func float32s(_ floats: [Float]) -> GGUFTypedValue {
        .array(.float32, floats.map { .float32($0) })
    }

    package var type: GGUFValueType {
        switch self {
        case .uint8: .uint8
        case .int8: .int8
        case .uint16: .uint16
        case .int16: .int16
        case .uint32: .uint32
        case .int32: .int32
        case .float32: .float32
        case .bool: .bool
        case .string: .string
        case .array: .array
        case .uint64: .uint64
        case .int64: .int64
        case .float64: .float64
        }
    }

    /// The value without its type, as it lies in a file.
    fileprivate func encode(into bytes: inout [UInt8]) {
        switch self {
        case .uint8(let value): bytes.append(value)
        case .int8(let value): bytes.append(integer: value)
        case .uint16(let value): bytes.append(integer: value)
        case .int16(let value): bytes.append(integer: value)
        case .uint32(let value): bytes.append(integer: value)
        case .int32(let value): bytes.append(integer: value)
        case .float32(let value): bytes.append(integer: value.bitPattern)
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .string(let value): bytes.append(text: value)
        case .array(let type, let elements):
            bytes.append(integer: type.rawValue)
            bytes.append(integer: UInt64(elements.count))
            for element in elements {
                precondition(element.type == type, "an element of another type than the array's")
                element.encode(into: &bytes)
            }
        case .uint64(let value): bytes.append(integer: value)
        case .int64(let value): bytes.append(integer: value)
        case .float64(let value): bytes.append(integer: value.bitPattern)
        }
    }
}

extension [UInt8] {
    /// Appends in little-endian order.
    mutating func append(integer: some FixedWidthInteger) {
        for byte in 0..<integer.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: integer >> (8 * byte)))
        }
    }

    /// Appends a length and UTF-8 bytes.
    mutating func append(text: String) {
        append(integer: UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
