import Foundation
import Tensors
import Testing

@Suite("Attention over pages")
struct AttentionTests {
    /// Sequences with random queries, keys and values for all their positions, and pages to hold them.
    @safe private final class Scene {
        let heads: Int
        let layout: KVPageLayout
        let queries: [Matrix]
        let keys: [Matrix]
        let values: [Matrix]
        @unsafe private let pages: [[UnsafeMutableRawPointer]]

        init(lengths: [Int], kvHeads: Int, group: Int, dimension: Int, garbage: UInt16 = 0x7e00) {
            heads = kvHeads * group
            let layout = KVPageLayout(layers: 2, heads: kvHeads, headDimension: dimension)
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
            compute.store(
                keys: projected, keyColumn: 3 + queryWidth, values: projected,
                valueColumn: 3 + queryWidth + width, layer: layer, batch: batch, layout: layout)
            let output = Matrix(rows: rows.count, columns: queryWidth)
            compute.attend(
                queries: projected, column: 3, heads: heads, layer: layer, batch: batch,
                layout: layout, window: window, scale: 0.3, into: output)
            return output
        }

        func allRows() -> [(sequence: Int, position: Int)] {
            queries.indices.flatMap { sequence in
                (0..<queries[sequence].rows).map { (sequence, $0) }
            }
        }

        /// Attention in double precision over float16 keys and values.
        func exact(sequence: Int, position: Int, window: Int = .max) -> [Double] {
            let dimension = layout.headDimension
            let query = queries[sequence].values(position).map(Double.init)
            let halves = [keys, values].map { matrices in
                (max(0, position - window + 1)...position).map { position in
                    matrices[sequence].values(position).map { Double(Float16($0)) }
                }
            }
            return (0..<heads).flatMap { head -> [Double] in
                let column = head / (heads / layout.heads) * dimension
                let scores = halves[0].map { key in
                    0.3
                        * (0..<dimension).reduce(0.0) {
                            $0 + query[head * dimension + $1] * key[column + $1]
                        }
                }
                let largest = scores.max() ?? 0
                let weights = scores.map { exp($0 - largest) }
                let sum = weights.reduce(0, +)
                return (0..<dimension).map { index in
                    zip(weights, halves[1]).reduce(0.0) { $0 + $1.0 * $1.1[column + index] } / sum
                }
            }
        }
    }

    @Test(
        "Attention agrees with double precision across page borders and head groups",
        arguments: [1, 2, 4, 7], [16, 24, 80])
    func isRight(group: Int, dimension: Int) {
        let scene = Scene(lengths: [201, 1, 66], kvHeads: 2, group: group, dimension: dimension)
        let compute = Compute(threads: 2)
        let output = scene.run(scene.allRows(), layer: 1, on: compute)
        for (sequence, position) in [(0, 0), (0, 1), (0, 63), (0, 64), (0, 65), (0, 200)] + [
            (1, 0), (2, 63), (2, 65),
        ] {
            let row = [0, 201, 202][sequence] + position
            let exact = scene.exact(sequence: sequence, position: position)
            for (value, exact) in zip(output.values(row), exact) {
                #expect(abs(Double(value) - exact) < 2e-6)
            }
        }
    }

    /// Within a page, a whole page, a page and its neighbours by one, several pages, everything.
    static let windows = [1, 2, 15, 63, 64, 65, 128, 130, 199, 200, 201, 1000]

    @Test("A window hides what lies before it", arguments: windows)
    func window(window: Int) {
        let scene = Scene(lengths: [201, 70], kvHeads: 2, group: 3, dimension: 24)
        let output = scene.run(
            scene.allRows(), layer: 1, window: window, on: Compute(threads: 2))
        for row in 0..<271 {
            let (sequence, position) = row < 201 ? (0, row) : (1, row - 201)
            let exact = scene.exact(sequence: sequence, position: position, window: window)
            for (value, exact) in zip(output.values(row), exact) {
                #expect(abs(Double(value) - exact) < 2e-6)
            }
        }
    }

    @Test("A window longer than the text gives the bits of no window")
    func idleWindow() {
        let scene = Scene(lengths: [130], kvHeads: 1, group: 2, dimension: 16)
        let compute = Compute(threads: 1)
        let free = scene.run(scene.allRows(), layer: 0, on: compute).bits()
        #expect(scene.run(scene.allRows(), layer: 0, window: 130, on: compute).bits() == free)
        #expect(scene.run(scene.allRows(), layer: 0, window: 129, on: compute).bits() != free)
    }

    @Test("Pages wholly before the window are not read")
    func pagesBeforeWindow() {
        let scene = Scene(lengths: [300], kvHeads: 2, group: 2, dimension: 32)
        let compute = Compute(threads: 1)
        let rows = scene.allRows()
        let whole = scene.run(rows, layer: 0, window: 70, on: compute).bits()
        // Nothing was stored in this scene before position 128: NaN stands there.
        let other = Scene(lengths: [300], kvHeads: 2, group: 2, dimension: 32)
        let late = other.run(Array(rows[128...]), layer: 0, window: 70, on: compute).bits()
        #expect(late[(128 + 69 - 128)...] == whole[(128 + 69)...])
    }

    @Test("Every instruction set gives the scalar bits", arguments: InstructionSet.supported)
    func equalsScalar(instructionSet: InstructionSet) {
        for (group, dimension) in [(1, 128), (2, 64), (3, 40), (7, 8), (5, 1)] {
            func result(_ set: InstructionSet) -> [[UInt32]] {
                let scene = Scene(
                    lengths: [130, 64, 5], kvHeads: 2, group: group, dimension: dimension)
                let compute = Compute(threads: 1, instructionSet: set)
                return scene.run(scene.allRows(), layer: 0, on: compute).bits()
            }
            #expect(result(instructionSet) == result(.scalar), "\(group), \(dimension)")
        }
    }

    @Test(
        "Every instruction set gives the scalar bits of a window",
        arguments:
            InstructionSet.supported, windows)
    func windowEqualsScalar(instructionSet: InstructionSet, window: Int) {
        for group in [1, 2, 5] {
            func result(_ set: InstructionSet) -> [[UInt32]] {
                let scene = Scene(lengths: [201, 64, 3], kvHeads: 1, group: group, dimension: 24)
                let compute = Compute(threads: 1, instructionSet: set)
                return scene.run(scene.allRows(), layer: 0, window: window, on: compute).bits()
            }
            #expect(result(instructionSet) == result(.scalar), "group of \(group)")
        }
    }

    @Test(
        "A row's bits depend neither on how a prompt is cut nor on the batch's other rows",
        arguments: InstructionSet.supported, [nil, 1, 40, 64, 100])
    func chunkingInvariance(instructionSet: InstructionSet, window: Int?) {
        let compute = Compute(threads: 1, instructionSet: instructionSet)
        func scene(garbage: UInt16 = 0x7e00) -> Scene {
            Scene(lengths: [150, 70], kvHeads: 2, group: 2, dimension: 32, garbage: garbage)
        }
        let first = scene()
        let whole = first.run(first.allRows(), layer: 0, window: window, on: compute).bits()
        // One row at a time, then pieces of both sequences in turn, in another page's old contents.
        for size in [1, 5, 12, 64] {
            let scene = scene(garbage: UInt16(0x3c00 + size))
            var bits: [Int: [UInt32]] = [:]
            var next = [0, 0]
            while next != [150, 70] {
                let rows = [1, 0].flatMap { sequence in
                    let end = min(next[sequence] + size, [150, 70][sequence])
                    return (next[sequence]..<end).map { (sequence: sequence, position: $0) }
                }
                let output = scene.run(rows, layer: 0, window: window, on: compute).bits()
                for (row, place) in rows.enumerated() {
                    bits[place.sequence * 150 + place.position] = output[row]
                    next[place.sequence] = max(next[place.sequence], place.position + 1)
                }
            }
            #expect((0..<220).map { bits[$0] } == whole, "pieces of \(size)")
        }
    }

    @Test("Any number of threads gives the same bits")
    func threadInvariance() {
        let results = [1, 2, 5].map { threads in
            let scene = Scene(lengths: [100, 90, 3], kvHeads: 4, group: 2, dimension: 64)
            return scene.run(scene.allRows(), layer: 1, on: Compute(threads: threads)).bits()
        }
        #expect(results[1] == results[0] && results[2] == results[0])
    }

    @Test(
        "Float16 rounding is to nearest even; what is too large stays finite",
        arguments: InstructionSet.supported)
    func narrowing(instructionSet: InstructionSet) {
        // With one position, attention returns the value that was stored.
        let numbers: [Float] = [
            0, 1, -1.000_488_281_25, 1.001_464_843_75, 65504, 65519, 65520, -1e30, 6e-8, 2.9e-8,
            3e-8, -6.1e-5, 6.103_5e-5, 0.1, -2049, 2051,
        ]
        let compute = Compute(threads: 1, instructionSet: instructionSet)
        let layout = KVPageLayout(layers: 1, heads: 1, headDimension: numbers.count)
        let page = UnsafeMutableRawPointer.allocate(
            byteCount: layout.byteCount, alignment: 64)
        defer { unsafe page.deallocate() }
        let x = Matrix(rows: 1, columns: numbers.count) { numbers[$1] }
        let zero = Matrix(rows: 1, columns: numbers.count)
        let batch = unsafe AttentionBatch(positions: [0], sequences: [0], pages: [[page]])
        compute.store(
            keys: zero, keyColumn: 0, values: x, valueColumn: 0, layer: 0, batch: batch,
            layout: layout)
        let output = Matrix(rows: 1, columns: numbers.count)
        compute.attend(
            queries: zero, column: 0, heads: 1, layer: 0, batch: batch, layout: layout, scale: 1,
            into: output)
        let expected = numbers.map { number in
            abs(number) > 65504 ? (number > 0 ? 65504 : -65504) : Float(Float16(number))
        }
        #expect(output.values(0) == expected)
    }

    @Test("A page's parts do not overlap and fill it")
    func layout() {
        let layout = KVPageLayout(layers: 3, heads: 2, headDimension: 40)
        #expect(layout.valueStride == 48)
        var next = 0
        for layer in 0..<3 {
            for head in 0..<2 {
                #expect(layout.keyOffset(layer: layer, head: head) == next)
                next += 40 * 64 * 2
                #expect(layout.valueOffset(layer: layer, head: head) == next)
                next += 64 * 48 * 2
            }
        }
        #expect(layout.byteCount == next)
        #expect(next.isMultiple(of: 64))
    }
}
