import CDefaultModel
import Checkpoints
import Foundation
import Tensors
import Tokenizers

/// Everything that is measured.
struct Figures {
    /// A figure that waits to be measured.
    struct Task {
        let name: String
        let ceiling: Ceiling
        /// Bytes or operations a second.
        let measure: () -> Double
    }

    private let compute: Compute

    init(threads: Int) {
        compute = Compute(threads: threads)
    }

    var all: [Task] {
        ElementType.allCases.flatMap(products) + attention + ElementType.allCases.map(packing)
            + [tokenizing]
    }

    /// The speed of something that does `work` at a time: the best of about half a second, at least five times.
    private static func speed(of work: Double, _ body: () -> Void) -> Double {
        let clock = ContinuousClock()
        body()
        var (best, sum) = (Double.infinity, 0.0)
        var count = 0
        while count < 5 || sum < 0.5 {
            let time = clock.measure(body) / .seconds(1)
            best = min(best, time)
            sum += time
            count += 1
        }
        return work / best
    }

    // MARK: Products

    private static let (rows, columns) = (2048, 4096)
    /// More than caches hold, so that a step of few tokens reads memory as a model's does.
    private static let weightBytes = 96 << 20

    private func products(_ type: ElementType) -> [Task] {
        [1, 4, 16, 512].map { tokens in
            // Few tokens wait for memory, many for multipliers.
            let isReading = tokens <= 4
            let ceiling: Ceiling = isReading ? .read : type.isQuantized ? .int8 : .float
            return Task(name: "product \(type.name) \(tokens)", ceiling: ceiling) {
                let first = matrix(type)
                let count = isReading ? max(1, Self.weightBytes / first.byteCount) : 1
                let matrices = [first] + (1..<count).map { _ in matrix(type) }
                let input = Self.filled(Matrix(rows: tokens, columns: Self.columns))
                let quantized = QuantizedRows(rows: tokens, columns: Self.columns)
                if type.isQuantized { compute.quantize(input, rows: tokens, into: quantized) }
                let output = Matrix(rows: tokens, columns: Self.rows)
                let work =
                    isReading
                    ? Double(count * first.byteCount)
                    : Double(2 * count * Self.rows * Self.columns * tokens)
                return Self.speed(of: work) {
                    for matrix in matrices {
                        compute.multiply(
                            matrix, input, quantized: quantized, rows: tokens, into: output)
                    }
                }
            }
        }
    }

    private func matrix(_ type: ElementType) -> WeightMatrix {
        unsafe Self.stored(type).withUnsafeBytes { bytes in
            WeightMatrix(
                parts: [WeightPart(type: type, rows: Self.rows, bytes: bytes)],
                columns: Self.columns, compute: compute)
        }
    }

    /// Rows of some numbers; these bytes make no infinite ones of any type.
    private static func stored(_ type: ElementType) -> [UInt8] {
        let count = (type.byteCount(elements: columns) ?? 0) * rows
        return (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 7919) >> 3) & 0x3b }
    }

    private static func filled(_ matrix: Matrix) -> Matrix {
        for row in 0..<matrix.rows {
            matrix.withMutableRow(row) { span in
                for index in span.indices {
                    span[index] = Float((index * 31 + row * 17) % 61 - 30) / 16
                }
            }
        }
        return matrix
    }

    // MARK: Attention

    private var attention: [Task] {
        [512, 4096].flatMap { depth in
            KVElement.allCases.map { elements in
                Task(name: "attention \(elements.rawValue) \(depth)", ceiling: .read) {
                    attend(depth: depth, elements: elements)
                }
            }
        }
    }

    /// Bytes of keys and values that one token reads a second, over all layers of a model.
    private func attend(depth: Int, elements: KVElement) -> Double {
        let (kvHeads, group, dimension, layers) = (8, 4, 128, 8)
        let layout = KVPageLayout(
            layers: layers, heads: kvHeads, headDimension: dimension, elements: elements)
        let pages = (0..<(depth + 63) / 64).map { _ in
            let page = UnsafeMutableRawPointer.allocate(
                byteCount: layout.byteCount, alignment: 64)
            unsafe page.initializeMemory(
                as: UInt8.self, repeating: 0x21, count: layout.byteCount)
            return unsafe page
        }
        defer {
            for page in unsafe pages { unsafe page.deallocate() }
        }
        let heads = kvHeads * group
        let projected = Self.filled(
            Matrix(rows: 1, columns: (heads + 2 * kvHeads) * dimension))
        let batch = unsafe AttentionBatch(positions: [depth - 1], sequences: [0], pages: [pages])
        let output = Matrix(rows: 1, columns: heads * dimension)
        return Self.speed(of: Double(unsafe pages.count * layout.byteCount)) {
            for layer in 0..<layers {
                compute.attend(
                    ProjectedHeads(projected, column: 0, heads: heads, layout: layout),
                    layer: layer, batch: batch, layout: layout, scale: 0.1, into: output)
            }
        }
    }

    // MARK: Before the first token

    private func packing(_ type: ElementType) -> Task {
        Task(name: "packing \(type.name)", ceiling: .read) {
            let bytes = Self.stored(type)
            return unsafe bytes.withUnsafeBytes { bytes in
                let part = WeightPart(type: type, rows: Self.rows, bytes: bytes)
                return Self.speed(of: Double(bytes.count)) {
                    _ = WeightMatrix(parts: [part], columns: Self.columns, compute: compute)
                }
            }
        }
    }

    /// Bytes of text a second, on one thread.
    private var tokenizing: Task {
        Task(name: "tokenizing", ceiling: .read) {
            do {
                let model = try unsafe Checkpoint.open(
                    staticBytes: UnsafeRawBufferPointer(
                        start: berth_default_model, count: berth_default_model_size),
                    name: "berth-harbour")
                let tokenizer = try Tokenizer(TokenizerDefinition(metadata: model))
                let text = (0..<2000).map { "Berth \($0 % 7) takes a ship of \($0) metres. " }
                    .joined()
                return Self.speed(of: Double(text.utf8.count)) {
                    _ = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
                }
            } catch {
                preconditionFailure("the embedded model cannot be read: \(error)")
            }
        }
    }
}

extension Checkpoint: TokenizerMetadata {}
