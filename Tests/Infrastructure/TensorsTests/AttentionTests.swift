import Foundation
import Tensors
import Testing

@Suite("Attention over pages")
struct AttentionTests {
    /// Key/value heads' dimensions, with and without whole blocks of 16 and 32.
    static let shapes = [(1, 16), (2, 16), (7, 16), (1, 24), (4, 24), (2, 80), (7, 80)]

    @Test(
        "Attention agrees with double precision across page borders and head groups",
        arguments: KVElement.allCases, shapes)
    func isRight(elements: KVElement, shape: (group: Int, dimension: Int)) {
        let scene = AttentionScene(
            lengths: [201, 1, 66], kvHeads: 2, group: shape.group, dimension: shape.dimension,
            elements: elements)
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

    @Test("A window hides what lies before it", arguments: KVElement.allCases, windows)
    func window(elements: KVElement, window: Int) {
        let scene = AttentionScene(
            lengths: [201, 70], kvHeads: 2, group: 3, dimension: 24, elements: elements)
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

    @Test(
        "Attention agrees with double precision across the borders of runs",
        arguments: KVElement.allCases, [nil, 1, 300, 512, 513, 700])
    func runs(elements: KVElement, window: Int?) {
        let scene = AttentionScene(
            lengths: [1100], kvHeads: 1, group: 2, dimension: 8, elements: elements)
        let output = scene.run(scene.allRows(), layer: 1, window: window, on: Compute(threads: 1))
        for position in [0, 511, 512, 513, 699, 700, 1023, 1024, 1099] {
            let exact = scene.exact(sequence: 0, position: position, window: window ?? .max)
            for (value, exact) in zip(output.values(position), exact) {
                #expect(abs(Double(value) - exact) < 4e-6)
            }
        }
    }

    @Test("A window longer than the text gives the bits of no window")
    func idleWindow() {
        let scene = AttentionScene(lengths: [130], kvHeads: 1, group: 2, dimension: 16)
        let compute = Compute(threads: 1)
        let free = scene.run(scene.allRows(), layer: 0, on: compute).bits()
        #expect(scene.run(scene.allRows(), layer: 0, window: 130, on: compute).bits() == free)
        #expect(scene.run(scene.allRows(), layer: 0, window: 129, on: compute).bits() != free)
    }

    @Test("Pages wholly before the window are not read")
    func pagesBeforeWindow() {
        let scene = AttentionScene(lengths: [300], kvHeads: 2, group: 2, dimension: 32)
        let compute = Compute(threads: 1)
        let rows = scene.allRows()
        let whole = scene.run(rows, layer: 0, window: 70, on: compute).bits()
        // Nothing was stored in this scene before position 128: NaN stands there.
        let other = AttentionScene(lengths: [300], kvHeads: 2, group: 2, dimension: 32)
        let late = other.run(Array(rows[128...]), layer: 0, window: 70, on: compute).bits()
        #expect(late[(128 + 69 - 128)...] == whole[(128 + 69)...])
    }

    @Test(
        "Every instruction set gives the scalar bits",
        arguments: InstructionSet.supported, KVElement.allCases)
    func equalsScalar(instructionSet: InstructionSet, elements: KVElement) {
        for (group, dimension) in [(1, 128), (2, 64), (3, 40), (4, 80), (7, 8), (5, 1)] {
            func result(_ set: InstructionSet) -> [[UInt32]] {
                let scene = AttentionScene(
                    lengths: [130, 64, 5], kvHeads: 2, group: group, dimension: dimension,
                    elements: elements)
                let compute = Compute(threads: 1, instructionSet: set)
                return scene.run(scene.allRows(), layer: 0, on: compute).bits()
            }
            #expect(result(instructionSet) == result(.scalar), "\(group), \(dimension)")
        }
    }

    @Test(
        "Every instruction set gives the scalar bits of a window",
        arguments: InstructionSet.supported, KVElement.allCases)
    func windowEqualsScalar(instructionSet: InstructionSet, elements: KVElement) {
        for (window, group) in Self.windows.flatMap({ window in [1, 2, 5].map { (window, $0) } }) {
            func result(_ set: InstructionSet) -> [[UInt32]] {
                let scene = AttentionScene(
                    lengths: [201, 64, 3], kvHeads: 1, group: group, dimension: 24,
                    elements: elements)
                let compute = Compute(threads: 1, instructionSet: set)
                return scene.run(scene.allRows(), layer: 0, window: window, on: compute).bits()
            }
            #expect(
                result(instructionSet) == result(.scalar), "window \(window), group of \(group)")
        }
    }

    @Test(
        "Runs that are computed apart and joined give the scalar bits",
        arguments: InstructionSet.supported, KVElement.allCases)
    func splitEqualsScalar(instructionSet: InstructionSet, elements: KVElement) {
        for window in [nil, 40, 512, 900] {
            func result(_ set: InstructionSet, threads: Int) -> [[UInt32]] {
                let scene = AttentionScene(
                    lengths: [1060], kvHeads: 1, group: 3, dimension: 24, elements: elements)
                let compute = Compute(threads: threads, instructionSet: set)
                _ = scene.run(Array(scene.allRows()[..<1040]), layer: 0, window: 1, on: compute)
                // Five rows of one sequence: fewer pieces than threads, unless their runs are shared out.
                return scene.run(
                    Array(scene.allRows()[1040..<1045]), layer: 0, window: window, on: compute
                ).bits()
            }
            let scalar = result(.scalar, threads: 1)
            #expect(result(.scalar, threads: 3) == scalar)
            #expect(result(instructionSet, threads: 4) == scalar)
        }
    }

    @Test(
        "A row's bits depend neither on how a prompt is cut nor on the batch's other rows",
        arguments: InstructionSet.supported, [nil, 1, 40, 64, 100])
    func chunkingInvariance(instructionSet: InstructionSet, window: Int?) {
        let compute = Compute(threads: 1, instructionSet: instructionSet)
        func scene(garbage: UInt16 = 0x7e00) -> AttentionScene {
            AttentionScene(
                lengths: [150, 70], kvHeads: 2, group: 2, dimension: 32, garbage: garbage)
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

    @Test(
        "Random companions, pieces of prompts, threads and windows change no bit",
        arguments: KVElement.allCases, 1...6)
    func randomBatches(elements: KVElement, seed: Int) {
        var random = RandomNumbers(seed: UInt64(seed))
        let lengths = (0..<Int.random(in: 1...4, using: &random)).map { index in
            Int.random(in: 1...(index == 0 ? 1200 : 150), using: &random)
        }
        let window = [nil, 1, 63, 500, 512, 700].randomElement(using: &random) ?? nil
        let (kvHeads, group) = (Int.random(in: 1...3, using: &random), seed % 3 + 1)
        func scene(garbage: UInt16) -> AttentionScene {
            AttentionScene(
                lengths: lengths, kvHeads: kvHeads, group: group, dimension: 16,
                elements: elements, garbage: garbage)
        }
        let alone = scene(garbage: 0x7e00)
        let expected = alone.run(
            alone.allRows(), layer: 0, window: window, on: Compute(threads: 1)
        ).bits()
        let computes = (1...5).map { Compute(threads: $0) }
        let mixed = scene(garbage: 0x3c00)
        var next = lengths.map { _ in 0 }
        while next != lengths {
            let open = lengths.indices.filter { next[$0] < lengths[$0] }
            var chosen = open.filter { _ in Bool.random(using: &random) }
            if chosen.isEmpty { chosen = open }
            chosen.shuffle(using: &random)
            let rows = chosen.flatMap { sequence in
                let most = lengths[sequence] - next[sequence]
                let count =
                    Bool.random(using: &random)
                    ? 1 : Int.random(in: 1...min(most, 200), using: &random)
                return (next[sequence]..<next[sequence] + count).map {
                    (sequence: sequence, position: $0)
                }
            }
            let compute = computes.randomElement(using: &random) ?? computes[0]
            let bits = mixed.run(rows, layer: 0, window: window, on: compute).bits()
            for (row, place) in rows.enumerated() {
                let index = lengths[..<place.sequence].reduce(0, +) + place.position
                #expect(bits[row] == expected[index], "\(place), \(compute.threads) threads")
                next[place.sequence] = max(next[place.sequence], place.position + 1)
            }
        }
    }

    @Test(
        "Rounding is to nearest even; what is too large stays finite",
        arguments: InstructionSet.supported, [KVElement.f16, .bf16])
    func narrowing(instructionSet: InstructionSet, elements: KVElement) {
        // With one position, attention returns the value that was stored.
        let numbers: [Float] = [
            0, 1, -1.000_488_281_25, 1.001_464_843_75, 65504, 65519, 65520, -1e30, 6e-8, 2.9e-8,
            3e-8, -6.1e-5, 6.103_5e-5, 0.1, -2049, 2051,
        ]
        let compute = Compute(threads: 1, instructionSet: instructionSet)
        let layout = KVPageLayout(
            layers: 1, heads: 1, headDimension: numbers.count, elements: elements)
        let page = UnsafeMutableRawPointer.allocate(
            byteCount: layout.byteCount, alignment: 64)
        defer { unsafe page.deallocate() }
        let x = Matrix(rows: 1, columns: numbers.count) { numbers[$1] }
        let zero = Matrix(rows: 1, columns: numbers.count)
        let batch = unsafe AttentionBatch(positions: [0], sequences: [0], pages: [[page]])
        let output = Matrix(rows: 1, columns: numbers.count)
        compute.attend(
            ProjectedHeads(
                queries: zero, queryColumn: 0, keys: zero, keyColumn: 0, values: x, valueColumn: 0,
                heads: 1),
            layer: 0, batch: batch, layout: layout, scale: 1, into: output)
        let expected = numbers.map { number in
            elements == .bf16
                ? AttentionScene.bfloat(number)
                : abs(number) > 65504 ? (number > 0 ? 65504 : -65504) : Float(Float16(number))
        }
        #expect(output.values(0) == expected)
    }

    @Test(
        "A page's parts do not overlap and fill it",
        arguments: [
            (KVElement.f16, 40, 40 * 128, 48 * 128), (.bf16, 40, 40 * 128, 48 * 128),
            (.q8_0, 40, 64 * 68, 64 * 68), (.q8_0, 128, 128 * 68, 128 * 68),
        ])
    func layout(elements: KVElement, dimension: Int, keyBytes: Int, valueBytes: Int) {
        let layout = KVPageLayout(
            layers: 3, heads: 2, headDimension: dimension, elements: elements)
        var next = 0
        for layer in 0..<3 {
            for head in 0..<2 {
                #expect(layout.keyOffset(layer: layer, head: head) == next)
                next += keyBytes
                #expect(layout.valueOffset(layer: layer, head: head) == next)
                next += valueBytes
            }
        }
        #expect(layout.byteCount == next)
        #expect(next.isMultiple(of: 64))
    }
}
