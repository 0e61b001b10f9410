import Foundation
import Tensors
import Testing

@Suite("Operations of encoders")
struct WordTests {
    /// Runs an operation with every instruction set and on several threads, expecting the scalar one's bits.
    private func compare(_ what: String, operation: (Compute) -> Matrix) -> Matrix {
        let expected = operation(Compute(threads: 1, instructionSet: .scalar))
        for instructionSet in InstructionSet.supported {
            for threads in [1, 3] {
                let compute = Compute(threads: threads, instructionSet: instructionSet)
                #expect(
                    operation(compute).bits() == expected.bits(),
                    "\(what), \(instructionSet), \(threads) threads")
            }
        }
        return expected
    }

    private func product(
        _ input: Matrix, _ weights: [Float], rows: Int, ending: ProductEnding, on compute: Compute
    ) -> Matrix {
        let bias = (0..<rows).map { Float($0 % 7) - 3 }
        let matrix = unsafe weights.withUnsafeBytes { bytes in
            WordMatrix(
                parts: [WeightPart(type: .f32, rows: rows, bytes: bytes)],
                columns: input.columns, bias: bias, compute: compute)
        }
        let rounded = WordRows(rows: input.rows, columns: input.columns)
        compute.round(input, rows: input.rows, into: rounded)
        let output = Matrix(rows: input.rows, columns: rows + 1) { _, column in Float(column) }
        compute.multiply(matrix, rounded, ending: ending, into: output)
        return output
    }

    @Test(
        "A product is the sum in double precision to 13 bits, with the same bits everywhere",
        arguments: [1, 31, 128, 129, 384], [1, 16, 33])
    func products(columns: Int, rows: Int) {
        var random = RandomNumbers(seed: UInt64(columns))
        let weights = (0..<rows * columns).map { _ in random.uniform() }
        for tokens in [1, 4, 11, 12, 13, 50] {
            let input = Matrix.random(rows: tokens, columns: columns, scale: 5, seed: 3)
            let output = compare("\(tokens) tokens") {
                product(input, weights, rows: rows, ending: .store, on: $0)
            }
            for token in 0..<tokens {
                let (x, sums) = (input.values(token), output.values(token))
                #expect(sums[rows] == Float(rows), "the column behind is not touched")
                for row in 0..<rows {
                    var exact = Double(row % 7) - 3
                    var size = abs(exact)
                    for column in 0..<columns {
                        let term = Double(weights[row * columns + column]) * Double(x[column])
                        exact += term
                        size += abs(term)
                    }
                    #expect(abs(Double(sums[row]) - exact) <= (size + 5 * Double(columns)) * 2e-4)
                }
            }
        }
    }

    @Test("A product ends with GELU, or is added to what is there")
    func endings() {
        var random = RandomNumbers(seed: 9)
        let weights = (0..<40 * 200).map { _ in random.uniform() }
        let input = Matrix.random(rows: 29, columns: 200, seed: 4)
        func output(_ ending: ProductEnding) -> Matrix {
            compare("\(ending)") { product(input, weights, rows: 40, ending: ending, on: $0) }
        }
        let (stored, activated, added) = (output(.store), output(.gelu), output(.accumulate))
        let alone = Matrix(rows: 29, columns: 40) { stored.values($0)[$1] }
        Compute(threads: 1).gelu(alone, rows: 29)
        for row in 0..<29 {
            #expect(activated.values(row)[..<40] == alone.values(row)[...])
            for column in 0..<40 {
                #expect(added.values(row)[column] == Float(column) + stored.values(row)[column])
            }
        }
    }

    @Test("A row's product does not depend on the rows computed with it")
    func batchInvariance() {
        var random = RandomNumbers(seed: 2)
        let weights = (0..<48 * 300).map { _ in random.uniform() }
        let compute = Compute(threads: 2)
        let input = Matrix.random(rows: 40, columns: 300, seed: 6)
        let together = product(input, weights, rows: 48, ending: .store, on: compute).bits()
        for (start, count) in [(0, 1), (1, 5), (6, 12), (18, 22)] {
            let part = Matrix(rows: count, columns: 300) { input.values(start + $0)[$1] }
            let alone = product(part, weights, rows: 48, ending: .store, on: compute).bits()
            #expect(alone == Array(together[start..<start + count]))
        }
    }

    @Test("Layer norm agrees with double precision, with the same bits everywhere")
    func layerNorm() {
        for width in [1, 15, 16, 17, 100, 384] {
            var random = RandomNumbers(seed: 5)
            let weight = (0..<width).map { _ in random.uniform() }
            let bias = (0..<width).map { _ in random.uniform() }
            let input = Matrix.random(rows: 20, columns: width, scale: 30, seed: 2)
            let output = compare("\(width)") { compute in
                let result = Matrix(rows: 20, columns: width)
                compute.layerNorm(
                    input, rows: 20, weight: weight, bias: bias, epsilon: 1e-5, into: result)
                return result
            }
            for row in 0..<20 {
                let x = input.values(row).map(Double.init)
                let mean = x.reduce(0, +) / Double(width)
                let variance = x.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(width)
                for (index, value) in output.values(row).enumerated() {
                    let exact =
                        (x[index] - mean) / (variance + 1e-5).squareRoot() * Double(weight[index])
                        + Double(bias[index])
                    #expect(abs(Double(value) - exact) <= 5e-6)
                }
            }
        }
    }

    @Test("GELU agrees with the error function, also far out")
    func gelu() {
        let far: [Float] = [-3e38, -1000, -5.000001, -5, -0.0, 0, 5, 1000, 3e38]
        let inputs = (-600...600).map { Float($0) / 100 } + far
        let output = compare("gelu") { compute in
            let x = Matrix(rows: 1, columns: inputs.count) { inputs[$1] }
            compute.gelu(x, rows: 1)
            return x
        }
        for (x, value) in zip(inputs, output.values(0)) {
            let exact = Double(x) * (1 + erf(Double(x) / 2.0.squareRoot())) / 2
            #expect(abs(Double(value) - exact) <= 4e-7 * Double(abs(x)), "\(x)")
        }
    }

    @Test(
        "Attention of texts side by side agrees with double precision, with the same bits everywhere",
        arguments: [20, 32, 64, 128])
    func attention(dimension: Int) {
        let lengths = [1, 2, 15, 17, 150, 260]
        let (heads, rows) = (2, lengths.reduce(0, +))
        let width = heads * dimension
        let input = Matrix.random(rows: rows, columns: 3 * width, scale: 2, seed: 12)
        let scale = 1 / Float(dimension).squareRoot()
        let output = compare("\(dimension)") { compute in
            let result = Matrix(rows: rows, columns: width)
            compute.attend(
                input, heads: heads, headDimension: dimension, batch: TextBatch(lengths: lengths),
                scale: scale, into: result)
            return result
        }
        let all = (0..<rows).map { input.values($0).map(Double.init) }
        var first = 0
        for length in lengths {
            let text = first..<first + length
            first += length
            for row in Set([text.lowerBound, text.lowerBound + length / 2, text.upperBound - 1]) {
                for head in 0..<heads {
                    let start = head * dimension
                    let scores = text.map { other in
                        (0..<dimension).reduce(0.0) { sum, i in
                            sum + all[row][start + i] * all[other][width + start + i]
                        } * Double(scale)
                    }
                    let largest = scores.max() ?? 0
                    let powers = scores.map { exp($0 - largest) }
                    let sum = powers.reduce(0, +)
                    for i in 0..<dimension {
                        let exact = zip(text, powers).reduce(0.0) { total, pair in
                            total + all[pair.0][2 * width + start + i] * pair.1 / sum
                        }
                        #expect(abs(Double(output.values(row)[start + i]) - exact) < 4e-3)
                    }
                }
            }
        }
    }

    @Test("A text's attention does not depend on the texts beside it")
    func attentionAlone() {
        let compute = Compute(threads: 2)
        let input = Matrix.random(rows: 230, columns: 96, seed: 1)
        func attended(_ matrix: Matrix, _ lengths: [Int]) -> [[UInt32]] {
            let output = Matrix(rows: matrix.rows, columns: 32)
            compute.attend(
                matrix, heads: 1, headDimension: 32, batch: TextBatch(lengths: lengths), scale: 0.2,
                into: output)
            return output.bits()
        }
        let together = attended(input, [30, 150, 50])
        let alone = Matrix(rows: 150, columns: 96) { input.values(30 + $0)[$1] }
        #expect(attended(alone, [150]) == Array(together[30..<180]))
    }
}
