import Foundation
import Tensors
import Testing

/// Numbers, and what llama.cpp's quantizers make of them; `Tools/fixtures/quantization.py` writes it.
private struct Quantized: Decodable {
    let values: String
    let errors: [String: Double]
    let eightBits: String

    static func load() throws -> Quantized {
        let url = try #require(
            Bundle.module.url(
                forResource: "quantization", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(Quantized.self, from: Data(contentsOf: url))
    }
}

@Suite("Quantizing")
struct EncodingTests {
    private static let types = ElementType.allCases.filter { $0.isEncodable && $0.isQuantized }

    /// Encoded float32 numbers, or `nil` where one is not finite.
    private func encoded(
        _ values: [Float], as type: ElementType, on compute: Compute = Compute(threads: 1)
    ) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: type.byteCount(elements: values.count) ?? 0)
        var span = output.mutableSpan
        var raw = unsafe span.mutableBytes
        let wrong = compute.encode(
            unsafe bytes(values).span.bytes, as: .f32, to: type, into: &raw)
        return wrong == nil ? output : nil
    }

    /// Groups that a search for scales can stumble over.
    private var awkward: [Float] {
        var random = RandomNumbers(seed: 5)
        func group(_ value: (Int) -> Float) -> [Float] { (0..<32).map(value) }
        let noise = (0..<2048).map { _ in random.uniform() }
        return noise + group { _ in 0 } + group { _ in -0.0 } + group { _ in 1 } + group { _ in -3 }
            + group { $0 == 7 ? 1000 : 0 } + group { $0 == 7 ? -1e-3 : 1e-9 }
            + group { Float($0) - 16 } + group { 5 + Float($0) / 100 }
            + group { _ in .leastNonzeroMagnitude } + group { $0 % 2 == 0 ? 1e30 : -1e30 }
            + group { $0 % 2 == 0 ? 3e38 : 1 } + group { -1e-30 * Float($0) }
            + group { $0 == 31 ? 65504 : 0.5 } + group { $0 < 16 ? 0 : 2 } + group { Float($0 % 3) }
            + group { Float($0) * 1e-7 }
    }

    @Test("Every instruction set and any number of threads give the same bytes", arguments: types)
    func sameBytes(type: ElementType) throws {
        // An odd number of blocks, after whole chunks of the team.
        let values = try floats(fromHex(Quantized.load().values)) + awkward
        let numbers = values + values + values + Array(values.prefix(type.blockElements))
        let expected = encoded(numbers, as: type, on: Compute(threads: 1, instructionSet: .scalar))
        #expect(expected != nil)
        for instructionSet in InstructionSet.supported {
            for threads in [1, 3] {
                let compute = Compute(threads: threads, instructionSet: instructionSet)
                #expect(encoded(numbers, as: type, on: compute) == expected)
            }
        }
    }

    @Test("The error is no larger than what llama.cpp's quantizer leaves", arguments: types)
    func error(type: ElementType) throws {
        let fixture = try Quantized.load()
        let values = try floats(fromHex(fixture.values))
        let bytes = try #require(encoded(values, as: type))
        let left = zip(values, dequantized(bytes, as: type, count: values.count)).map {
            Double($0 - $1)
        }
        let error = (left.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
        let theirs = try #require(fixture.errors[type.name])
        #expect(error <= theirs * 1.00001, "\(error) instead of \(theirs)")
    }

    @Test("Q8_0 is what llama.cpp writes, byte for byte")
    func eightBits() throws {
        let fixture = try Quantized.load()
        let bytes = try encoded(floats(fromHex(fixture.values)), as: .q8_0)
        #expect(try bytes == fromHex(fixture.eightBits))
    }

    @Test("Awkward groups are rounded to within a step of their range", arguments: types)
    func awkwardGroups(type: ElementType) throws {
        let values = awkward
        let bytes = try #require(encoded(values, as: type))
        let rounded = dequantized(bytes, as: type, count: values.count)
        let steps: Float =
            switch type {
            case .q4_0, .q4_K: 14
            case .q5_0, .q5_1, .q5_K: 30
            case .q6_K: 60
            default: 254
            }
        for start in stride(from: 0, to: 2048 + 8 * 32, by: 32) where start != 2048 + 5 * 32 {
            // A block of 256 shares its scale.
            let first = start / type.blockElements * type.blockElements
            let block = values[first..<first + max(32, type.blockElements)]
            let largest = block.map(abs).max() ?? 0
            for index in start..<start + 32 {
                #expect(abs(values[index] - rounded[index]) <= 2 * largest / steps)
            }
        }
        #expect(rounded.allSatisfy { $0.isFinite })
    }

    @Test("The first number that is not finite is found", arguments: [0, 31, 8192, 20_000])
    func notFinite(place: Int) {
        for wrong in [Float.nan, .infinity, -.infinity] {
            var values = [Float](repeating: 0.5, count: 20_480)
            values[place] = wrong
            values[20_479] = .nan
            var output = [UInt8](repeating: 0, count: 20_480 / 32 * 34)
            var span = output.mutableSpan
            var raw = unsafe span.mutableBytes
            let index = Compute(threads: 2).encode(
                unsafe bytes(values).span.bytes, as: .f32, to: .q8_0, into: &raw)
            #expect(index == place)
        }
    }

    @Test(
        "A stored number or scale that is not finite is found, whatever the type",
        arguments: ElementType.allCases.filter { $0 != .mxfp4 })
    func storedNotFinite(type: ElementType) throws {
        let compute = Compute(threads: 2)
        let blocks = 3 * (1 << 20) / type.blockBytes
        let count = blocks * type.blockElements
        var stored = [UInt8](repeating: 0, count: blocks * type.blockBytes)
        #expect(compute.firstNonFinite(unsafe stored.span.bytes, as: type) == nil)
        // Wherever a value of the block turns out not finite, the block must be found.
        for block in [0, blocks / 2, blocks - 1] {
            for place in 0..<type.blockBytes - 1 {
                let start = block * type.blockBytes + place
                stored[start + 1] = 0x7F
                stored[start] = 0x80
                var values = [Float](repeating: 0, count: type.blockElements)
                var span = values.mutableSpan
                let bytes = Array(stored[start - place..<start - place + type.blockBytes])
                dequantize(unsafe bytes.span.bytes, as: type, into: &span)
                let isFinite = values.allSatisfy(\.isFinite)
                let found = compute.firstNonFinite(unsafe stored.span.bytes, as: type)
                #expect(isFinite || found == block * type.blockElements, "byte \(place)")
                stored[start] = 0
                stored[start + 1] = 0
            }
        }
        #expect(count > 0)
    }

    @Test("Halves and bfloats are read, and float16 is written to nearest even")
    func halves() {
        let compute = Compute(threads: 1)
        let halves = [Float](arrayLiteral: 0, -1.5, 65504, 6e-8).map(halfBits)
        let source = halves.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        var output = [UInt8](repeating: 0, count: 16)
        var span = output.mutableSpan
        var raw = unsafe span.mutableBytes
        #expect(compute.encode(unsafe source.span.bytes, as: .f16, to: .f32, into: &raw) == nil)
        #expect(floats(output).map(halfBits) == halves)
        #expect(encoded([1 + 1 / 2048, 1 + 3 / 2048], as: .f16) == [0x00, 0x3C, 0x02, 0x3C])
    }
}
