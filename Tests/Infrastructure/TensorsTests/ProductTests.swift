import Tensors
import Testing

@Suite("Products")
struct ProductTests {
    private static let rows = [1, 15, 16, 17, 33]
    private static let tokens = [1, 2, 3, 5, 8, 13, 64, 513]

    /// Column counts at a type's edges: one block, an odd number of them, several.
    private static func columns(_ type: ElementType) -> [Int] {
        switch type.blockElements {
        case 1: [1, 7, 48]
        case 32: [32, 96, 256, 288]
        default: [256, 768]
        }
    }

    /// Everything of one product, so that only what varies is left to say.
    private struct Setting {
        var type: ElementType
        var rows: Int
        var columns: Int
        var tokens: Int
        var extreme = false

        func input(scale: Float = 1) -> Matrix {
            Matrix.random(rows: tokens, columns: columns, scale: scale, seed: 7)
        }

        func weights() -> [UInt8] {
            var random = RandomNumbers(seed: UInt64(rows * 1000 + columns))
            return random.blocks(type, rows: rows, columns: columns, extreme: extreme)
        }

        func output(_ input: Matrix, on compute: Compute, rows count: Int? = nil) -> Matrix {
            let weights = WeightMatrix.packing(
                [(type: type, rows: rows, bytes: weights())], columns: columns, on: compute)
            return product(weights, input, rows: count ?? tokens, on: compute)
        }
    }

    @Test(
        "What is no finite number in the input shows in the output, and in no other row",
        arguments: ElementType.allCases, InstructionSet.supported)
    func brokenInput(type: ElementType, instructionSet: InstructionSet) {
        let compute = Compute(threads: 1, instructionSet: instructionSet)
        let columns = Self.columns(type).last ?? 0
        let setting = Setting(type: type, rows: 17, columns: columns, tokens: 3)
        let whole = setting.output(setting.input(), on: compute).bits()
        for value in [Float.nan, -.nan, .infinity, -.infinity] {
            for place in [0, 17, columns - 1] {
                let input = setting.input()
                input.withMutableRow(1) { $0[place] = value }
                let output = setting.output(input, on: compute)
                // Infinity times zero is NaN, and times anything else infinite.
                #expect(output.values(1).allSatisfy { !$0.isFinite })
                #expect(output.bits()[0] == whole[0] && output.bits()[2] == whole[2])
            }
        }
    }

    @Test("The scalar product is the sum in double precision", arguments: ElementType.allCases)
    func scalarIsRight(type: ElementType) {
        let compute = Compute(threads: 1, instructionSet: .scalar)
        for columns in Self.columns(type) {
            for extreme in [false, true] {
                let setting = Setting(
                    type: type, rows: 17, columns: columns, tokens: 5, extreme: extreme)
                let input = setting.input(scale: extreme ? 1000 : 1)
                let output = setting.output(input, on: compute)
                let weights = dequantized(setting.weights(), as: type, count: 17 * columns)
                for token in 0..<5 {
                    let x = input.values(token)
                    let seen = type.isQuantized ? rounded(x) : x.map(Double.init)
                    let sums = output.values(token)
                    for row in 0..<17 {
                        var (exact, size) = (0.0, 0.0)
                        for column in 0..<columns {
                            let term = Double(weights[row * columns + column]) * seen[column]
                            exact += term
                            size += abs(term)
                        }
                        // A minimum or an offset can be far larger than what it leaves.
                        let slack = type.isQuantized ? 20.0 : 1.0
                        #expect(abs(Double(sums[row]) - exact) <= size * 1e-6 * slack + 1e-30)
                    }
                }
            }
        }
    }

    @Test(
        "Every instruction set gives the scalar product's bits",
        arguments: ElementType.allCases, InstructionSet.supported)
    func equalsScalar(type: ElementType, instructionSet: InstructionSet) {
        let scalar = Compute(threads: 1, instructionSet: .scalar)
        let compute = Compute(threads: 1, instructionSet: instructionSet)
        for columns in Self.columns(type) {
            for rows in Self.rows {
                let setting = Setting(
                    type: type, rows: rows, columns: columns, tokens: 513, extreme: rows == 33)
                let input = setting.input()
                let expected = setting.output(input, on: scalar).bits()
                for tokens in Self.tokens {
                    let output = setting.output(input, on: compute, rows: tokens)
                    #expect(
                        output.bits(rows: tokens) == Array(expected[..<tokens]),
                        "\(rows) rows, \(columns) columns, \(tokens) tokens")
                }
            }
        }
    }

    @Test("Zeros, and numbers too small to scale, give zero", arguments: InstructionSet.supported)
    func zeros(instructionSet: InstructionSet) {
        let compute = Compute(threads: 1, instructionSet: instructionSet)
        for type in ElementType.allCases {
            let setting = Setting(type: type, rows: 17, columns: 256, tokens: 3)
            let input = Matrix(rows: 3, columns: 256) { row, _ in row == 2 ? 1e-35 : 0 }
            let output = setting.output(input, on: compute)
            for token in 0..<3 {
                #expect(output.values(token).allSatisfy { abs($0) < 1e-30 }, "\(type.name)")
            }
        }
    }

    @Test(
        "A row's result does not depend on the rows computed with it",
        arguments: InstructionSet.supported)
    func batchInvariance(instructionSet: InstructionSet) {
        let compute = Compute(threads: 1, instructionSet: instructionSet)
        for type in ElementType.allCases {
            let setting = Setting(type: type, rows: 40, columns: 512, tokens: 61)
            let input = setting.input()
            let together = setting.output(input, on: compute).bits()
            var start = 0
            for size in [1, 2, 3, 4, 5, 6, 7, 9, 11, 13] {
                let part = Matrix(rows: size, columns: 512) { row, column in
                    input.values(start + row)[column]
                }
                let alone = setting.output(part, on: compute, rows: size).bits()
                #expect(alone == Array(together[start..<start + size]), "\(type.name), \(size)")
                start += size
            }
        }
    }

    @Test("Any number of threads gives the same bits", arguments: InstructionSet.supported)
    func threadInvariance(instructionSet: InstructionSet) {
        for type in ElementType.allCases {
            // Enough tokens for several ranges of rows.
            let setting = Setting(type: type, rows: 100, columns: 1024, tokens: 300)
            let input = setting.input()
            let results = [1, 2, 5].map { threads in
                let compute = Compute(threads: threads, instructionSet: instructionSet)
                return setting.output(input, on: compute).bits()
            }
            #expect(results[1] == results[0] && results[2] == results[0], "\(type.name)")
        }
    }

    @Test(
        "Stacked parts of different types are separate products side by side",
        arguments: [
            (512, [(ElementType.q4_K, 33), (.q6_K, 5), (.f16, 16), (.q8_0, 1)]),
            // Rows of a multiple of 32 but not of 256: what quantizers fall back to.
            (288, [(.q5_0, 33), (.q8_0, 5), (.f32, 16), (.q5_1, 1)]),
            (96, [(.iq4_NL, 1), (.q4_0, 37), (.bf16, 16), (.q4_1, 1)]),
            (768, [(.q5_K, 20), (.q5_0, 20), (.q2_K, 14), (.mxfp4, 1)]),
        ])
    func stacking(columns: Int, shapes: [(ElementType, Int)]) {
        let compute = Compute(threads: 2)
        var random = RandomNumbers(seed: 3)
        let parts = shapes.map { type, rows in
            (type: type, rows: rows, bytes: random.blocks(type, rows: rows, columns: columns))
        }
        let input = Matrix.random(rows: 7, columns: columns, seed: 1)
        let stacked = WeightMatrix.packing(parts, columns: columns, on: compute)
        #expect(stacked.rows == 55)
        #expect(stacked.needsQuantizedInput)
        let output = product(stacked, input, rows: 7, column: 3, on: compute)
        for token in 0..<7 {
            let together = output.values(token)
            var column = 3
            for part in parts {
                let single = WeightMatrix.packing([part], columns: columns, on: compute)
                let alone = product(single, input, rows: 7, on: compute).values(token)
                #expect(Array(together[column..<column + part.rows]) == alone)
                column += part.rows
            }
            #expect(Array(together[..<3]) == [0, 0, 0])
        }
    }

    @Test("A norm and a gate that round on the way leave what rounding afterwards leaves")
    func roundingOnTheWay() {
        for (instructionSet, rows) in InstructionSet.supported.flatMap({ set in
            [1, 13, 40].map { (set, $0) }
        }) {
            let compute = Compute(threads: 2, instructionSet: instructionSet)
            let columns = 96
            let setting = Setting(type: .q8_0, rows: 17, columns: columns, tokens: rows)
            let weights = WeightMatrix.packing(
                [(type: .q8_0, rows: 17, bytes: setting.weights())], columns: columns, on: compute)
            let inputs = [
                Matrix(rows: rows, columns: columns), Matrix(rows: rows, columns: columns),
            ]
            let blocks = QuantizedRows(rows: rows, columns: columns)
            let output = Matrix(rows: rows, columns: 17)

            compute.normalize(
                setting.input(), rows: rows, weight: Array(repeating: 1.5, count: columns),
                epsilon: 1e-6, into: inputs[0], and: blocks)
            compute.multiply(weights, inputs[0], quantized: blocks, rows: rows, into: output)
            #expect(output.bits() == product(weights, inputs[0], rows: rows, on: compute).bits())

            let gateUp = Matrix.random(rows: rows, columns: 2 * columns, scale: 4, seed: 3)
            compute.gate(gateUp, rows: rows, width: columns, into: inputs[1], and: blocks)
            compute.multiply(weights, inputs[1], quantized: blocks, rows: rows, into: output)
            #expect(output.bits() == product(weights, inputs[1], rows: rows, on: compute).bits())
        }
    }

    @Test("The packed form is hardly larger than the file's", arguments: ElementType.allCases)
    func memory(type: ElementType) throws {
        let compute = Compute(threads: 1)
        let bytes = [UInt8](repeating: 0, count: try #require(type.byteCount(elements: 64 * 1024)))
        let weights = WeightMatrix.packing(
            [(type: type, rows: 64, bytes: bytes)], columns: 1024, on: compute)
        let growth =
            switch type {
            // Their codes are widened to four bits.
            case .q2_K: 2.0
            case .q3_K: 1.35
            case .mxfp4: 1.06
            default: 1.03
            }
        #expect(Double(weights.byteCount) <= growth * Double(bytes.count))
    }
}

/// Quantizes the input where the weights want it, and multiplies.
private func product(
    _ weights: WeightMatrix, _ input: Matrix, rows: Int, column: Int = 0, on compute: Compute
) -> Matrix {
    let output = Matrix(rows: rows, columns: column + weights.rows)
    var quantized: QuantizedRows?
    if weights.needsQuantizedInput {
        let blocks = QuantizedRows(rows: rows, columns: input.columns)
        compute.quantize(input, rows: rows, into: blocks)
        quantized = blocks
    }
    compute.multiply(
        weights, input, quantized: quantized, rows: rows, into: output, column: column)
    return output
}

/// What 8-bit rounding with a scale for every 32 numbers leaves of a row.
private func rounded(_ x: [Float]) -> [Double] {
    stride(from: 0, to: x.count, by: 32).flatMap { start -> [Double] in
        let block = x[start..<min(start + 32, x.count)]
        let largest = block.map(abs).max() ?? 0
        guard largest > 0 else { return block.map { _ in 0 } }
        return block.map { value in
            Double((value * (127 / largest)).rounded(.toNearestOrEven)) * Double(largest / 127)
        }
    }
}
