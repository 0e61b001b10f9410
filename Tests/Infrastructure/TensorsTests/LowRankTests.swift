import Tensors
import Testing

@Suite("Low-rank updates")
struct LowRankTests {
    /// Two targets, side by side in the output with columns between them.
    private static func update(
        columns: Int, rank: Int, rows: Int, seed: UInt64, size: Float = 1, on compute: Compute
    ) -> LowRankUpdate {
        var random = RandomNumbers(seed: seed)
        func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in random.uniform() * size } }
        return LowRankUpdate(
            [
                LowRankUpdate.Factors(
                    a: numbers(rank * columns), b: numbers(rows * rank), rank: rank, scale: 0.7,
                    column: 2),
                LowRankUpdate.Factors(
                    a: numbers(3 * columns), b: numbers(5 * 3), rank: 3, scale: -2,
                    column: 10 + rows),
            ], columns: columns, compute: compute)
    }

    private static func output(_ rows: Int, columns: Int) -> Matrix {
        Matrix.random(rows: rows, columns: columns, seed: 5)
    }

    @Test(
        "Every instruction set and number of threads gives the scalar update's bits",
        arguments: InstructionSet.supported, [1, 3])
    func equalsScalar(instructionSet: InstructionSet, threads: Int) {
        let scalar = Compute(threads: 1, instructionSet: .scalar)
        let compute = Compute(threads: threads, instructionSet: instructionSet)
        for (columns, rank, rows) in [(7, 1, 1), (48, 5, 17), (64, 16, 33), (320, 40, 200)] {
            let x = Matrix.random(rows: 40, columns: columns, seed: 2)
            let inner = Matrix(rows: 40, columns: rank + 3)
            func result(_ counts: [Int], on compute: Compute) -> [[UInt32]] {
                let output = Self.output(40, columns: rows + 20)
                var first = 1
                let parts = counts.enumerated().map { index, count in
                    defer { first += count + 1 }
                    return UpdatedRows(
                        Self.update(
                            columns: columns, rank: rank, rows: rows, seed: UInt64(index + 1),
                            on: compute), rows: first..<first + count)
                }
                compute.add(parts, of: x, by: inner, to: output)
                return output.bits()
            }
            for counts in [[1], [12, 1, 7], [38], [3, 4, 5, 6]] {
                #expect(
                    result(counts, on: compute) == result(counts, on: scalar),
                    "\(counts) rows, \(columns) columns, rank \(rank)")
            }
        }
    }

    @Test(
        "The update is the product in double precision, whatever the factors' size",
        arguments: [Float(1), 1e-6, 1e4])
    func isRight(size: Float) {
        let compute = Compute(threads: 1)
        let (columns, rank, rows) = (96, 8, 21)
        var random = RandomNumbers(seed: 3)
        let a = (0..<rank * columns).map { _ in random.uniform() * size }
        let b = (0..<rows * rank).map { _ in random.uniform() * size }
        let update = LowRankUpdate(
            [.init(a: a, b: b, rank: rank, scale: 1 / size / size, column: 0)], columns: columns,
            compute: compute)
        let x = Matrix.random(rows: 1, columns: columns, seed: 9)
        let output = Matrix(rows: 1, columns: rows)
        compute.add(
            [UpdatedRows(update, rows: 0..<1)], of: x, by: Matrix(rows: 1, columns: rank),
            to: output)
        let input = x.values(0)
        let inner = (0..<rank).map { k in
            (0..<columns).reduce(0.0) { $0 + Double(a[k * columns + $1]) * Double(input[$1]) }
        }
        for row in 0..<rows {
            let exact = (0..<rank).reduce(0.0) { $0 + Double(b[row * rank + $1]) * inner[$1] }
            #expect(
                abs(Double(output.values(0)[row]) * Double(size) * Double(size) - exact)
                    < 4e-3 * Double(size) * Double(size))
        }
    }

    @Test("Rows of no part keep their bits, as do columns of no target")
    func others() {
        let compute = Compute(threads: 2)
        let update = Self.update(columns: 48, rank: 4, rows: 17, seed: 1, on: compute)
        let (before, after) = (Self.output(9, columns: 40), Self.output(9, columns: 40))
        compute.add(
            [UpdatedRows(update, rows: 3..<5)], of: Matrix.random(rows: 9, columns: 48, seed: 2),
            by: Matrix(rows: 9, columns: 7), to: after)
        let changed = Set(2..<19).union(27..<32)
        for row in 0..<9 {
            for column in 0..<40 {
                let isSame = before.bits()[row][column] == after.bits()[row][column]
                #expect(isSame == !((3..<5).contains(row) && changed.contains(column)))
            }
        }
    }
}
