import Foundation
import Tensors
import Testing

@Suite("Element types")
struct ElementTypeTests {
    private struct Case: Decodable {
        let type: String
        let bytes: String
        let values: String
    }

    @Test("Every type's values are, bit for bit, those that gguf-py reads")
    func agreesWithTheReferenceReader() throws {
        let url = try #require(
            Bundle.module.url(
                forResource: "dequantization", withExtension: "json", subdirectory: "Fixtures"))
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
        #expect(cases.count == ElementType.allCases.count - 1)
        for stored in cases {
            let type = try #require(ElementType.allCases.first { $0.name == stored.type })
            let bytes = try fromHex(stored.bytes)
            let expected = try fromHex(stored.values)
            let count = bytes.count / type.blockBytes * type.blockElements
            let values = dequantized(bytes, as: type, count: count)
            let bits = values.map { $0.isNaN ? Float.nan : $0 }.flatMap { value in
                (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
            }
            #expect(bits == expected, "\(type.name)")
        }
    }

    @Test("Float32 is copied")
    func copiesFloat32() {
        let numbers: [Float] = [0, -0.0, 1.5, .infinity, .leastNonzeroMagnitude, -3e38]
        let bytes = numbers.flatMap { value in
            (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
        }
        #expect(
            dequantized(bytes, as: .f32, count: 6).map(\.bitPattern) == numbers.map(\.bitPattern))
    }

    @Test("A byte count exists for whole blocks that fit in an integer")
    func byteCounts() {
        #expect(ElementType.q4_K.byteCount(elements: 512) == 288)
        #expect(ElementType.q6_K.byteCount(elements: 256) == 210)
        #expect(ElementType.q8_0.byteCount(elements: 32) == 34)
        #expect(ElementType.q4_0.byteCount(elements: 0) == 0)
        #expect(ElementType.bf16.byteCount(elements: 3) == 6)
        #expect(ElementType.q4_K.byteCount(elements: 255) == nil)
        #expect(ElementType.q8_0.byteCount(elements: -32) == nil)
        #expect(ElementType.f32.byteCount(elements: .max) == nil)
        #expect(ElementType.q8_0.byteCount(elements: .max - 31) == nil)
    }
}
