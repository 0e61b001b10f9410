package import Architectures
import KVCaching
package import Tensors

/// Texts through a decoder, whose final states become the vectors (as in Qwen3-Embedding, Zhang 2025).
package final class CausalTextEncoder: TextEncoder {
    package let rows: Int
    package let texts: Int
    package let longestText: Int
    private let model: DecoderModel
    private let compute: Compute
    private let pooling: Pooling
    private let workspace: Workspace
    private let pool: PagePool

    /// Tokens that the model computes at once; longer texts take several turns.
    package static let turnRows = 512
    /// Texts of one step.
    package static let mostTexts = 64

    /// Allocates keys and values for texts of `longestText` tokens.
    ///
    /// - `elements`: how keys and values are kept.
    /// - Throws: `KVCacheError` when the system refuses the memory.
    package init(
        model: DecoderModel, compute: Compute, longestText: Int, pooling: Pooling,
        elements: KVElement = .f16
    ) throws {
        self.model = model
        self.compute = compute
        self.pooling = pooling
        self.longestText = longestText
        rows = max(longestText, Self.turnRows)
        texts = Self.mostTexts
        let layout = model.layout.storing(elements)
        let pages = (rows + layout.positions - 1) / layout.positions + texts
        pool = try PagePool(layout: layout, bytes: pages * layout.byteCount)
        workspace = Workspace(
            for: model.configuration, rows: Self.turnRows, outputRows: Self.turnRows,
            hasLogits: false)
    }

    package var vocabulary: Int { model.configuration.vocabulary }
    package var width: Int { model.configuration.width }
    package var isClassifier: Bool { false }

    /// Tokens of one text in one turn.
    private struct Span {
        let text: Int
        let range: Range<Int>
    }

    package func run(_ texts: [EncoderText]) -> [EncodedText] {
        var sequences = texts.map { text in
            var pages = SequencePages()
            guard pages.grow(to: text.tokens.count, from: pool) else {
                preconditionFailure("more tokens than the step has pages for")
            }
            return pages
        }
        defer {
            for index in sequences.indices {
                sequences[index].release(to: pool)
            }
        }
        var sums = texts.map { _ in [Float](repeating: 0, count: width) }
        for turn in turns(texts) {
            let outputs = compute(turn, of: texts, sequences)
            var row = 0
            for (span, count) in zip(turn, outputs) {
                for _ in 0..<count {
                    add(row, to: &sums[span.text])
                    row += 1
                }
            }
        }
        return zip(texts, sums).map { text, sum in
            guard pooling == .mean else { return .vector(sum) }
            let inverse = 1 / Float(text.tokens.count)
            return .vector(sum.map { $0 * inverse })
        }
    }

    private func turns(_ texts: [EncoderText]) -> [[Span]] {
        var turns: [[Span]] = []
        var room = 0
        for (index, text) in texts.enumerated() {
            var start = 0
            while start < text.tokens.count {
                if room == 0 {
                    turns.append([])
                    room = Self.turnRows
                }
                let end = min(start + room, text.tokens.count)
                turns[turns.count - 1].append(Span(text: index, range: start..<end))
                room -= end - start
                start = end
            }
        }
        return turns
    }

    /// Which of a span's tokens count for the vector.
    private func outputs(of span: Span, in text: EncoderText) -> Range<Int> {
        switch pooling {
        case .mean: span.range
        case .cls: span.range.clamped(to: 0..<1)
        case .last: span.range.clamped(to: text.tokens.count - 1..<text.tokens.count)
        }
    }

    /// Computes a turn and returns how many states each of its spans has in `workspace.states`.
    private func compute(
        _ turn: [Span], of texts: [EncoderText], _ sequences: [SequencePages]
    ) -> [Int] {
        var tokens: [Int] = []
        var positions: [Int] = []
        var owners: [Int] = []
        var rows: [Int] = []
        var counts: [Int] = []
        for (index, span) in turn.enumerated() {
            let wanted = outputs(of: span, in: texts[span.text])
            rows += wanted.map { tokens.count + $0 - span.range.lowerBound }
            counts.append(wanted.count)
            tokens += texts[span.text].tokens[span.range]
            positions += span.range
            owners += repeatElement(index, count: span.range.count)
        }
        let pages = unsafe turn.map { span in
            unsafe sequences[span.text].pages.map { unsafe pool.address(of: $0) }
        }
        let attention = unsafe AttentionBatch(
            positions: positions, sequences: owners, pages: pages)
        model.run(
            ModelStep(tokens: tokens, attention: attention, layout: pool.layout, outputRows: rows),
            in: workspace, on: compute)
        return counts
    }

    private func add(_ row: Int, to sum: inout [Float]) {
        var target = sum.mutableSpan
        workspace.states.withRow(row) { state in
            for column in state.indices {
                target[column] += state[column]
            }
        }
    }
}
