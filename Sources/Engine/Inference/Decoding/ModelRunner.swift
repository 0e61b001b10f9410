package import Architectures
package import KVCaching
package import Tensors

/// A model with the memory to run it: steps in, logits out.
///
/// Not `Sendable`: one thread owns it. Benchmarks and parity tests use it directly; a server's owner thread is
/// ``InferenceEngine``.
package final class ModelRunner {
    /// One sequence's part of a step: these tokens at the positions from `start` on.
    package struct Span {
        package let tokens: [Int]
        package let start: Int
        /// Pages with room for `start + tokens.count` positions.
        package let pages: [PageID]
        package let output: Output
        /// What changes the model for this sequence; of the same model.
        package let adapter: Adapter?

        package init(
            tokens: [Int], start: Int, pages: [PageID], output: Output, adapter: Adapter? = nil
        ) {
            self.tokens = tokens
            self.start = start
            self.pages = pages
            self.output = output
            self.adapter = adapter
        }
    }

    /// Which rows of a span get logits.
    package enum Output: Sendable {
        case none
        case last
        case all
        /// So many of the last rows.
        case trailing(Int)
    }

    package let model: DecoderModel
    package let pool: PagePool
    package let workspace: Workspace
    private let compute: Compute

    /// Allocates for steps of up to `rows` tokens, of which `outputRows` get logits, and a KV cache of
    /// `cacheBytes`; throws `KVCacheError` when the system refuses.
    ///
    /// - `elements`: how the cache keeps keys and values.
    package init(
        model: DecoderModel, compute: Compute, rows: Int, outputRows: Int,
        elements: KVElement = .f16, cacheBytes: Int
    ) throws {
        self.model = model
        self.compute = compute
        pool = try PagePool(layout: model.layout.storing(elements), bytes: cacheBytes)
        workspace = Workspace(for: model.configuration, rows: rows, outputRows: outputRows)
    }

    /// Computes every token of every span in one batch.
    ///
    /// Afterwards `workspace.logits` holds a row for every output asked for, spans in order.
    package func run(_ spans: [Span]) {
        var tokens: [Int] = []
        var positions: [Int] = []
        var sequences: [Int] = []
        var outputs = [Range<Int>](repeating: 0..<0, count: spans.count)
        var adapted: [AdaptedRows] = []
        for sequence in Self.byAdapter(spans) {
            let span = spans[sequence]
            let first = tokens.count
            tokens += span.tokens
            positions += span.start..<span.start + span.tokens.count
            sequences += repeatElement(sequence, count: span.tokens.count)
            switch span.output {
            case .none: break
            case .last: outputs[sequence] = tokens.count - 1..<tokens.count
            case .all: outputs[sequence] = first..<tokens.count
            case .trailing(let count):
                outputs[sequence] = tokens.count - count..<tokens.count
            }
            guard let adapter = span.adapter else { continue }
            if let last = adapted.last, last.adapter === adapter {
                adapted[adapted.count - 1] = AdaptedRows(
                    adapter, rows: last.rows.lowerBound..<tokens.count)
            } else {
                adapted.append(AdaptedRows(adapter, rows: first..<tokens.count))
            }
        }
        let pages = unsafe spans.map { span in
            unsafe span.pages.map { unsafe pool.address(of: $0) }
        }
        let attention = unsafe AttentionBatch(
            positions: positions, sequences: sequences, pages: pages)
        model.run(
            ModelStep(
                tokens: tokens, attention: attention, layout: pool.layout,
                outputRows: outputs.flatMap { Array($0) }, adapters: adapted),
            in: workspace, on: compute)
    }

    /// The spans in the order of their rows: those of one adapter side by side, so that its factors are read once.
    private static func byAdapter(_ spans: [Span]) -> [Int] {
        guard spans.contains(where: { $0.adapter != nil }) else { return Array(spans.indices) }
        var groups: [Int: [Int]] = [:]
        var order: [Int] = []
        for (index, span) in spans.enumerated() {
            if let adapter = span.adapter {
                groups[adapter.id, default: []].append(index)
            } else {
                order.append(index)
            }
        }
        return order + groups.sorted { $0.key < $1.key }.flatMap(\.value)
    }
}
