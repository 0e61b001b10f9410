import Foundation
import Tensors

/// Sequences with random queries, keys and values for all their positions, and pages to hold them.
@safe final class AttentionScene {
    let heads: Int
    let layout: KVPageLayout
    let queries: [Matrix]
    let keys: [Matrix]
    let values: [Matrix]
    @unsafe private let pages: [[UnsafeMutableRawPointer]]

    init(
        lengths: [Int], kvHeads: Int, group: Int, dimension: Int, elements: KVElement = .f16,
        garbage: UInt16 = 0x7e00
    ) {
        heads = kvHeads * group
        let layout = KVPageLayout(
            layers: 2, heads: kvHeads, headDimension: dimension, elements: elements)
        self.layout = layout
        let heads = heads
        queries = lengths.indices.map {
            .random(rows: lengths[$0], columns: heads * dimension, seed: UInt64(10 + $0))
        }
        keys = lengths.indices.map {
            .random(rows: lengths[$0], columns: kvHeads * dimension, seed: UInt64(20 + $0))
        }
        values = lengths.indices.map {
            .random(rows: lengths[$0], columns: kvHeads * dimension, seed: UInt64(30 + $0))
        }
        // Places that nobody wrote hold NaN: reading one shows.
        unsafe pages = lengths.map { length in
            unsafe (0...(length - 1) / 64).map { _ in
                let page = UnsafeMutableRawPointer.allocate(
                    byteCount: layout.byteCount, alignment: 64)
                unsafe page.initializeMemory(
                    as: UInt16.self, repeating: garbage, count: layout.byteCount / 2)
                return unsafe page
            }
        }
    }

    deinit {
        for list in unsafe pages.indices {
            for index in unsafe pages[list].indices {
                unsafe pages[list][index].deallocate()
            }
        }
    }

    /// Stores and attends some rows in one batch; returns one output row each.
    func run(
        _ rows: [(sequence: Int, position: Int)], layer: Int, window: Int? = nil,
        on compute: Compute
    ) -> Matrix {
        let dimension = layout.headDimension
        let (queryWidth, width) = (heads * dimension, layout.heads * dimension)
        // Queries, keys and values side by side behind an offset, as a fused projection leaves them.
        let projected = Matrix(rows: rows.count, columns: 3 + queryWidth + 2 * width)
        for (row, place) in rows.enumerated() {
            let parts = [queries, keys, values].flatMap {
                $0[place.sequence].values(place.position)
            }
            projected.withMutableRow(row) { span in
                for (index, value) in parts.enumerated() {
                    span[3 + index] = value
                }
            }
        }
        let batch = unsafe AttentionBatch(
            positions: rows.map(\.position), sequences: rows.map(\.sequence), pages: pages)
        let output = Matrix(rows: rows.count, columns: queryWidth)
        compute.attend(
            ProjectedHeads(projected, column: 3, heads: heads, layout: layout), layer: layer,
            batch: batch, layout: layout, window: window, scale: 0.3, into: output)
        return output
    }

    func allRows() -> [(sequence: Int, position: Int)] {
        queries.indices.flatMap { sequence in
            (0..<queries[sequence].rows).map { (sequence, $0) }
        }
    }

    /// Attention in double precision over keys and values as the cache keeps them, and over queries of 8 bits
    /// where keys are.
    func exact(sequence: Int, position: Int, window: Int = .max) -> [Double] {
        let dimension = layout.headDimension
        let scaled = queries[sequence].values(position).map { $0 * 0.3 }
        let query =
            layout.elements == .q8_0
            ? Self.blocks(scaled, dimension: dimension, scale: Double.init)
            : scaled.map(Double.init)
        let kept = [keys, values].map { matrices in
            (max(0, position - window + 1)...position).map { position in
                rounded(matrices[sequence].values(position))
            }
        }
        return (0..<heads).flatMap { head -> [Double] in
            let column = head / (heads / layout.heads) * dimension
            let scores = kept[0].map { key in
                (0..<dimension).reduce(0.0) {
                    $0 + query[head * dimension + $1] * key[column + $1]
                }
            }
            let largest = scores.max() ?? 0
            let weights = scores.map { exp($0 - largest) }
            let sum = weights.reduce(0, +)
            return (0..<dimension).map { index in
                zip(weights, kept[1]).reduce(0.0) { $0 + $1.0 * $1.1[column + index] } / sum
            }
        }
    }

    /// Numbers as the cache keeps them.
    private func rounded(_ numbers: [Float]) -> [Double] {
        switch layout.elements {
        case .f16: numbers.map { Double(Float16($0)) }
        case .bf16: numbers.map { Double(Self.bfloat($0)) }
        case .q8_0:
            Self.blocks(numbers, dimension: layout.headDimension) { Double(Float16($0)) }
        }
    }

    static func bfloat(_ number: Float) -> Float {
        let bits = number.bitPattern
        return Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
    }

    /// Heads in blocks of 32 integers up to 127, whose scale is rounded by `scale`.
    private static func blocks(
        _ numbers: [Float], dimension: Int, scale: (Float) -> Double
    ) -> [Double] {
        stride(from: 0, to: numbers.count, by: dimension).flatMap { head in
            stride(from: head, to: head + dimension, by: 32).flatMap { start -> [Double] in
                let block = numbers[start..<min(start + 32, head + dimension)]
                let largest = block.map(abs).max() ?? 0
                let step = scale(largest / 127)
                return block.map { Double(($0 * (127 / largest)).rounded(.toNearestOrEven)) * step }
            }
        }
    }
}
