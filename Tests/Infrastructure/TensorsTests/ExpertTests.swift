import Foundation
import Tensors
import Testing

@Suite("Mixtures of experts")
struct ExpertTests {
    private static let experts = 7
    private static let used = 3

    /// A layer of experts, and the same matrices one by one.
    private struct Layer {
        let type: ElementType
        let width: Int
        let inner: Int
        let gate: [[UInt8]]
        let up: [[UInt8]]
        let down: [[UInt8]]

        init(_ type: ElementType, width: Int = 256, inner: Int = 256) {
            var random = RandomNumbers(seed: 11)
            func blocks(_ rows: Int, _ columns: Int) -> [[UInt8]] {
                (0..<experts).map { _ in random.blocks(type, rows: rows, columns: columns) }
            }
            self.type = type
            self.width = width
            self.inner = inner
            gate = blocks(inner, width)
            up = blocks(inner, width)
            down = blocks(width, inner)
        }

        func gateUp(_ experts: Range<Int>, on compute: Compute) -> WeightMatrix {
            .packing(
                experts.flatMap { [(type, inner, gate[$0]), (type, inner, up[$0])] },
                columns: width, on: compute)
        }

        func down(_ experts: Range<Int>, on compute: Compute) -> WeightMatrix {
            .packing(experts.map { (type, width, down[$0]) }, columns: inner, on: compute)
        }

        func run(
            _ input: Matrix, logits: Matrix, rows: Int, normalizes: Bool = true,
            on compute: Compute
        ) -> Matrix {
            let all = 0..<experts
            let (gateUp, down) = (gateUp(all, on: compute), down(all, on: compute))
            let routing = ExpertRouting(capacity: rows + 2, experts: experts, used: used)
            compute.route(logits, rows: rows, normalizesWeights: normalizes, into: routing)
            let places = (rows + 2) * used
            let inner = Matrix(rows: places, columns: 2 * self.inner)
            let results = Matrix(rows: places, columns: width)
            let sum = Matrix(rows: rows, columns: width) { $0 == 0 ? 1 : Float($1) }
            if type.isQuantized {
                let blocks = QuantizedRows(rows: rows, columns: width)
                let gathered = QuantizedRows(rows: places, columns: max(width, self.inner))
                compute.quantize(input, rows: rows, into: blocks)
                compute.gather(blocks, by: routing, into: gathered)
                compute.multiply(gateUp, input, quantized: gathered, by: routing, into: inner)
                compute.gate(inner, width: self.inner, by: routing, into: gathered)
                compute.multiply(down, inner, quantized: gathered, by: routing, into: results)
            } else {
                let gathered = Matrix(rows: places, columns: width)
                compute.gather(input, by: routing, into: gathered)
                compute.multiply(gateUp, gathered, quantized: nil, by: routing, into: inner)
                compute.gate(inner, width: self.inner, by: routing, into: nil)
                compute.multiply(down, inner, quantized: nil, by: routing, into: results)
            }
            compute.addExperts(results, by: routing, to: sum)
            return sum
        }

        /// What one expert makes of every row, by the operations of a dense layer.
        func alone(_ expert: Int, _ input: Matrix, on compute: Compute) -> Matrix {
            let chosen = expert..<expert + 1
            let inner = product(gateUp(chosen, on: compute), input, on: compute)
            let gated = Matrix(rows: input.rows, columns: self.inner)
            compute.gate(inner, rows: input.rows, width: self.inner, into: gated)
            return product(down(chosen, on: compute), gated, on: compute)
        }

        private func product(_ w: WeightMatrix, _ input: Matrix, on compute: Compute) -> Matrix {
            let output = Matrix(rows: input.rows, columns: w.rows)
            let blocks = QuantizedRows(rows: input.rows, columns: input.columns)
            compute.quantize(input, rows: input.rows, into: blocks)
            compute.multiply(w, input, quantized: blocks, rows: input.rows, into: output)
            return output
        }
    }

    private static let types: [ElementType] = [.f32, .bf16, .q8_0, .q4_K, .q6_K]

    /// The experts of a row, heaviest first, and their weights.
    private static func choice(_ logits: [Float], normalizes: Bool) -> [(Int, Double)] {
        let powers = logits.map { exp(Double($0)) }
        let order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }.prefix(used)
        let sum = (normalizes ? order.map { powers[$0] } : powers).reduce(0, +)
        return order.map { ($0, powers[$0] / sum) }
    }

    @Test(
        "A token's result is the sum of what its experts give by themselves, times their weights",
        arguments: types, [true, false])
    func agrees(type: ElementType, normalizes: Bool) {
        let compute = Compute(threads: 2)
        let layer = Layer(type)
        let input = Matrix.random(rows: 40, columns: layer.width, seed: 3)
        // Small integers: many are equal.
        let logits = Matrix(rows: 40, columns: Self.experts) { Float(($0 * 31 + $1 * 17) % 5) }
        let output = layer.run(
            input, logits: logits, rows: 40, normalizes: normalizes, on: compute)
        let alone = (0..<Self.experts).map { layer.alone($0, input, on: compute) }
        for row in 0..<40 {
            var expected = (0..<layer.width).map { row == 0 ? 1 : Double($0) }
            var size = expected
            for (expert, weight) in Self.choice(logits.values(row), normalizes: normalizes) {
                for (column, value) in alone[expert].values(row).enumerated() {
                    expected[column] += weight * Double(value)
                    size[column] += abs(weight * Double(value))
                }
            }
            let error = zip(output.values(row), expected).map { abs(Double($0) - $1) }
            #expect(zip(error, size).allSatisfy { $0 <= 1e-6 * $1 }, "row \(row)")
        }
    }

    @Test(
        "Any instruction set, number of threads and company gives the same bits", arguments: types)
    func invariance(type: ElementType) {
        let layer = type.isQuantized ? Layer(type) : Layer(type, width: 100, inner: 73)
        let input = Matrix.random(rows: 61, columns: layer.width, seed: 5)
        let logits = Matrix.random(rows: 61, columns: Self.experts, scale: 3, seed: 6)
        let expected = layer.run(
            input, logits: logits, rows: 61, on: Compute(threads: 1, instructionSet: .scalar)
        ).bits()
        for instructionSet in InstructionSet.supported {
            for (rows, threads) in [(61, 1), (61, 3), (23, 2), (2, 2), (1, 3)] {
                let compute = Compute(threads: threads, instructionSet: instructionSet)
                let output = layer.run(input, logits: logits, rows: rows, on: compute)
                #expect(output.bits() == Array(expected[..<rows]), "\(rows) on \(instructionSet)")
            }
        }
    }

    @Test("All tokens at the same experts, and no tokens at all")
    func extremes() {
        let layer = Layer(.q8_0, width: 64, inner: 96)
        let compute = Compute(threads: 3)
        let input = Matrix.random(rows: 300, columns: 64, seed: 9)
        let logits = Matrix(rows: 300, columns: Self.experts) { Float($1) }
        let together = layer.run(input, logits: logits, rows: 300, on: compute).bits()
        let single = Matrix(rows: 1, columns: 64) { input.values(299 + $0)[$1] }
        let alone = layer.run(single, logits: logits, rows: 1, on: compute)
        // The first row's sum begins elsewhere.
        let difference = zip(alone.values(0), (0..<64).map { Float(bitPattern: together[299][$0]) })
            .enumerated().map { abs($1.0 - 1 - ($1.1 - Float($0))) }
        #expect(difference.allSatisfy { $0 < 1e-4 })
        #expect(layer.run(input, logits: logits, rows: 0, on: compute).rows == 0)
    }

    @Test("A router that gives no number shows in the result, and in no other token")
    func notANumber() {
        let layer = Layer(.q8_0, width: 32, inner: 32)
        let input = Matrix.random(rows: 3, columns: 32, seed: 9)
        let logits = Matrix.random(rows: 3, columns: Self.experts, seed: 2)
        let compute = Compute(threads: 1)
        let whole = layer.run(input, logits: logits, rows: 3, on: compute).bits()
        for normalizes in [true, false] {
            for wrong in [Float.nan, .infinity] {
                let damaged = Matrix(rows: 3, columns: Self.experts) {
                    $0 == 1 && $1 == 4 ? wrong : logits.values($0)[$1]
                }
                let output = layer.run(
                    input, logits: damaged, rows: 3, normalizes: normalizes, on: compute)
                #expect(output.values(1).allSatisfy { $0.isNaN })
                #expect(!normalizes || output.bits()[0] == whole[0])
                #expect(!normalizes || output.bits()[2] == whole[2])
            }
        }
    }
}
