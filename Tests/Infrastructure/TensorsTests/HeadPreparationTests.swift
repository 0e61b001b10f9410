import Foundation
import Tensors
import Testing

@Suite("What happens to queries and keys before attention")
struct HeadPreparationTests {
    /// Queries and keys behind attention's preparation, on every instruction set and on several threads with the scalar
    /// one's bits.
    ///
    /// Every row is a sequence of its own, so that attention returns the value that was stored.
    private func prepared(
        _ input: Matrix, column: Int, heads: Int, dimension: Int,
        _ change: (inout ProjectedHeads, Compute) -> Void
    ) -> Matrix {
        let layout = KVPageLayout(layers: 1, heads: 1, headDimension: dimension)
        let pages = unsafe (0..<input.rows).map { _ in
            UnsafeMutableRawPointer.allocate(byteCount: layout.byteCount, alignment: 64)
        }
        defer {
            for index in 0..<input.rows {
                unsafe pages[index].deallocate()
            }
        }
        func result(_ compute: Compute) -> Matrix {
            let copy = Matrix(rows: input.rows, columns: input.columns) { input.values($0)[$1] }
            // The last head is the key, and the value as well.
            let keyColumn = column + (heads - 1) * dimension
            var projected = ProjectedHeads(
                queries: copy, queryColumn: column, keys: copy, keyColumn: keyColumn, values: input,
                valueColumn: keyColumn, heads: heads - 1)
            change(&projected, compute)
            let batch = unsafe AttentionBatch(
                positions: (0..<input.rows).map { _ in 0 }, sequences: Array(0..<input.rows),
                pages: pages.map { unsafe [$0] })
            let output = Matrix(rows: input.rows, columns: (heads - 1) * dimension)
            compute.attend(
                projected, layer: 0, batch: batch, layout: layout, scale: 1, into: output)
            for row in 0..<input.rows {
                let value = input.values(row)[keyColumn..<keyColumn + dimension]
                #expect(
                    output.values(row).prefix(dimension) == value.map { Float(Float16($0)) }[...])
            }
            return copy
        }
        let expected = result(Compute(threads: 1, instructionSet: .scalar))
        for instructionSet in InstructionSet.supported {
            for threads in [1, 3] {
                let compute = Compute(threads: threads, instructionSet: instructionSet)
                #expect(result(compute).bits() == expected.bits(), "\(instructionSet), \(threads)")
            }
        }
        return expected
    }

    @Test("Norms touch their heads only, a head at a time, and keys have a weight of their own")
    func norms() {
        let forQueries: [Float] = (0..<24).map { Float($0) / 7 - 1 }
        let forKeys: [Float] = (0..<24).map { 2 - Float($0) / 9 }
        let weights = [forQueries, forKeys]
        let input = Matrix.random(rows: 9, columns: 100, seed: 4)
        let output = prepared(input, column: 5, heads: 3, dimension: 24) { projected, _ in
            projected.norms = .init(query: weights[0], key: weights[1], epsilon: 1e-5)
        }
        let compute = Compute(threads: 1)
        for row in 0..<9 {
            let (before, after) = (input.values(row), output.values(row))
            #expect(before[..<5] == after[..<5] && before[77...] == after[77...])
            for head in 0..<3 {
                let part = 5 + head * 24..<29 + head * 24
                let alone = Matrix(rows: 1, columns: 24) { before[part.lowerBound + $1] }
                compute.normalize(
                    alone, rows: 1, weight: weights[head / 2], epsilon: 1e-5, into: alone)
                #expect(Array(after[part]) == alone.values(0))
            }
        }
    }

    @Test(
        "Rotation turns each pair by its angle, scaled, and leaves the other dimensions",
        arguments: [RotaryPairing.adjacent, .halves], [1, 4, 8, 13, 32])
    func rotation(pairing: RotaryPairing, pairs: Int) {
        let (heads, dimension) = (3, 2 * pairs + 6)
        let columns = 4 + heads * dimension
        let positions = [0, 1, 1, 77, 100_000]
        let frequencies = (0..<pairs).map { pow(10_000, -Double($0) / Double(pairs)) }
        let input = Matrix.random(rows: 5, columns: columns, seed: 10)
        let output = prepared(input, column: 4, heads: heads, dimension: dimension) {
            projected, compute in
            let angles = RotaryAngles(rows: 8, pairs: pairs)
            angles.update(
                positions: positions, frequencies: frequencies, magnitude: 1.25, on: compute)
            projected.rotation = .init(angles: angles, pairing: pairing)
        }
        for row in 0..<5 {
            let before = input.values(row)
            var exact = before.map(Double.init)
            for head in 0..<heads {
                for pair in 0..<pairs {
                    let start = 4 + head * dimension
                    let first = start + (pairing == .adjacent ? 2 * pair : pair)
                    let second = first + (pairing == .adjacent ? 1 : pairs)
                    let angle = Double(positions[row]) * frequencies[pair]
                    let (a, b) = (Double(before[first]), Double(before[second]))
                    exact[first] = 1.25 * (a * cos(angle) - b * sin(angle))
                    exact[second] = 1.25 * (a * sin(angle) + b * cos(angle))
                }
            }
            for (value, exact) in zip(output.values(row), exact) {
                #expect(abs(Double(value) - exact) < 5e-7)
            }
        }
    }

    @Test(
        "How a text is cut into steps changes neither norms nor turns",
        arguments: [RotaryPairing.adjacent, .halves])
    func cuts(pairing: RotaryPairing) {
        let (dimension, heads, kvHeads) = (24, 4, 2)
        let layout = KVPageLayout(layers: 1, heads: kvHeads, headDimension: dimension)
        let all = Matrix.random(rows: 40, columns: (heads + 2 * kvHeads) * dimension, seed: 3)
        let weights = (0..<dimension).map { Float($0) / 9 - 1 }
        func result(_ cuts: [Range<Int>], threads: Int) -> [[UInt32]] {
            let compute = Compute(threads: threads)
            let page = UnsafeMutableRawPointer.allocate(
                byteCount: layout.byteCount, alignment: 64)
            defer { unsafe page.deallocate() }
            return cuts.flatMap { cut in
                let projected = Matrix(rows: cut.count, columns: all.columns) {
                    all.values(cut.lowerBound + $0)[$1]
                }
                let angles = RotaryAngles(rows: cut.count, pairs: 8)
                angles.update(
                    positions: Array(cut), frequencies: (0..<8).map { 1 / Double($0 + 1) },
                    on: compute)
                var heads = ProjectedHeads(projected, heads: heads, layout: layout)
                heads.norms = .init(query: weights, key: weights.reversed(), epsilon: 1e-5)
                heads.rotation = .init(angles: angles, pairing: pairing)
                let batch = unsafe AttentionBatch(
                    positions: Array(cut), sequences: cut.map { _ in 0 }, pages: [[page]])
                let output = Matrix(rows: cut.count, columns: 4 * dimension)
                compute.attend(
                    heads, layer: 0, batch: batch, layout: layout, scale: 0.2, into: output)
                return output.bits()
            }
        }
        // One step of several tiles prepares all rows first; a step of one tile prepares while it attends.
        let whole = result([0..<40], threads: 1)
        #expect(result([0..<40], threads: 2) == whole)
        #expect(result([0..<1, 1..<9, 9..<21, 21..<40], threads: 2) == whole)
    }
}
