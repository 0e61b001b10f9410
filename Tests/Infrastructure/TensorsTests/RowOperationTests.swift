import Foundation
import Tensors
import Testing

@Suite("Row operations")
struct RowOperationTests {
    private static let widths = [1, 15, 16, 17, 31, 33, 100, 1024]

    /// Runs an operation with every instruction set and on several threads, expecting the scalar one's bits.
    private func compare(
        _ what: String, rows: Int = 37, operation: (Compute) -> Matrix
    ) -> Matrix {
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

    @Test("RMS norm agrees with double precision, on every instruction set with the same bits")
    func normalize() {
        for width in Self.widths {
            var random = RandomNumbers(seed: 5)
            let weight = (0..<width).map { _ in random.uniform() }
            let input = Matrix.random(rows: 37, columns: width, scale: 30, seed: 2)
            let output = compare("\(width)") { compute in
                let result = Matrix(rows: 37, columns: width)
                compute.normalize(input, rows: 37, weight: weight, epsilon: 1e-6, into: result)
                return result
            }
            for row in 0..<37 {
                let x = input.values(row).map(Double.init)
                let mean = x.map { $0 * $0 }.reduce(0, +) / Double(width)
                for (index, value) in output.values(row).enumerated() {
                    let exact = x[index] / (mean + 1e-6).squareRoot() * Double(weight[index])
                    #expect(abs(Double(value) - exact) <= 1e-6 * abs(exact) + 1e-12)
                }
            }
        }
    }

    @Test("The gate agrees with double precision, on every instruction set with the same bits")
    func gate() {
        for width in Self.widths {
            let input = Matrix.random(rows: 11, columns: 2 * width, scale: 20, seed: 6)
            let output = compare("\(width)") { compute in
                let result = Matrix(rows: 11, columns: width)
                compute.gate(input, rows: 11, width: width, into: result)
                return result
            }
            for row in 0..<11 {
                let x = input.values(row).map(Double.init)
                for (index, value) in output.values(row).enumerated() {
                    let exact = x[index] / (1 + exp(-x[index])) * x[index + width]
                    #expect(abs(Double(value) - exact) <= 1e-6 * abs(exact) + 1e-30)
                }
            }
        }
    }

    @Test("The gate of very large, very small and undefined numbers is what the formula says")
    func gateExtremes() {
        let gates: [Float] = [-3e38, -1000, -88, -0.0, 0, 88, 1000, 3e38, .nan]
        let input = Matrix(rows: 1, columns: 18) { $1 < 9 ? gates[$1] : 1 }
        let values = compare("extremes") { compute in
            let result = Matrix(rows: 1, columns: 9)
            compute.gate(input, rows: 1, width: 9, into: result)
            return result
        }.values(0)
        #expect(values[..<3].allSatisfy { abs($0) < 3 })
        #expect(values[3] == 0 && values[4] == 0)
        #expect(values[5] == 88 && values[6] == 1000 && values[7] == 3e38)
        #expect(values[8].isNaN)
    }

    @Test("Adding is exact, for rows and for a bias")
    func adding() {
        for width in Self.widths {
            let a = Matrix.random(rows: 20, columns: width, seed: 8)
            let b = Matrix.random(rows: 20, columns: width, seed: 9)
            let bias = b.values(3)
            let sum = compare("\(width)") { compute in
                let result = Matrix(rows: 20, columns: width + 2) { row, column in
                    column < width ? a.values(row)[column] : 7
                }
                compute.addBias(bias, to: result, rows: 20, column: 2)
                let other = Matrix(rows: 20, columns: width + 2) { row, column in
                    column < width ? b.values(row)[column] : 0
                }
                compute.add(other, to: result, rows: 19)
                return result
            }
            for row in 0..<20 {
                let expected = (0..<width + 2).map { column -> Float in
                    let start = column < width ? a.values(row)[column] : 7
                    let biased = column >= 2 ? start + bias[column - 2] : start
                    return row < 19 && column < width ? biased + b.values(row)[column] : biased
                }
                #expect(sum.values(row) == expected)
            }
        }
    }

    @Test("The exponential's relative error stays below 2^-22", arguments: InstructionSet.supported)
    func exponential(instructionSet: InstructionSet) {
        // silu(x) = x / (1 + exp(-x)): for x far below zero it is x * exp(x) to within its rounding.
        let compute = Compute(threads: 1, instructionSet: instructionSet)
        let gates = (0..<4096).map { -20 - Float($0) * 66 / 4096 }
        let input = Matrix(rows: 1, columns: 8192) { $1 < 4096 ? gates[$1] : 1 }
        let output = Matrix(rows: 1, columns: 4096)
        compute.gate(input, rows: 1, width: 4096, into: output)
        let worst = zip(gates, output.values(0)).map { gate, value in
            let exact = Double(gate) / (1 + exp(-Double(gate)))
            return abs(Double(value) / exact - 1)
        }.max()
        #expect((worst ?? 1) < 2 * pow(2, -22))
    }
}
