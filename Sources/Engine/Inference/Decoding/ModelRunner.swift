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

        package init(tokens: [Int], start: Int, pages: [PageID], output: Output) {
            self.tokens = tokens
            self.start = start
            self.pages = pages
            self.output = output
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
        var outputs: [Int] = []
        for (sequence, span) in spans.enumerated() {
            let first = tokens.count
            tokens += span.tokens
            positions += span.start..<span.start + span.tokens.count
            sequences += repeatElement(sequence, count: span.tokens.count)
            switch span.output {
            case .none: break
            case .last: outputs.append(tokens.count - 1)
            case .all: outputs += first..<tokens.count
            case .trailing(let count): outputs += tokens.count - count..<tokens.count
            }
        }
        let pages = unsafe spans.map { span in
            unsafe span.pages.map { unsafe pool.address(of: $0) }
        }
        let attention = unsafe AttentionBatch(
            positions: positions, sequences: sequences, pages: pages)
        model.run(
            ModelStep(
                tokens: tokens, attention: attention, layout: pool.layout, outputRows: outputs),
            in: workspace, on: compute)
    }
}
