package import Architectures
import KVCaching
package import Tensors

/// What one text becomes.
package enum EncodedText: Sendable {
    /// A vector as long as the model is wide, not normalized.
    case vector([Float])
    /// The scores of a cross-encoder, one a label.
    case scores([Float])

    package var numbers: [Float] {
        switch self {
        case .vector(let numbers), .scores(let numbers): numbers
        }
    }
}

/// Turns texts into vectors or scores; owned by one thread.
package protocol TextEncoder: AnyObject {
    /// Most tokens of one step.
    var rows: Int { get }
    /// Most texts of one step.
    var texts: Int { get }
    /// Ids that the model knows: below this.
    var vocabulary: Int { get }
    /// Length of a vector.
    var width: Int { get }
    /// Most tokens of one text; at most `rows`.
    var longestText: Int { get }
    /// Whether it gives scores instead of vectors.
    var isClassifier: Bool { get }

    /// Computes a step; a text's result depends on that text only, bit for bit.
    func run(_ texts: [EncoderText]) -> [EncodedText]
}

/// Texts through a model that looks in both directions.
package final class BidirectionalTextEncoder: TextEncoder {
    private let model: EncoderModel
    private let compute: Compute
    private let workspace: EncoderWorkspace
    private let pooling: Pooling
    package let longestText: Int

    /// Allocates for steps of `rows` tokens, or of one text where that may be longer.
    ///
    /// Without `longestText` and `pooling` these are what the model's file says.
    package init(
        model: EncoderModel, compute: Compute, rows: Int, longestText: Int? = nil,
        pooling: Pooling? = nil
    ) {
        let context = model.configuration.contextLength
        self.model = model
        self.compute = compute
        self.pooling = pooling ?? model.configuration.pooling
        self.longestText = min(longestText ?? context, context)
        workspace = EncoderWorkspace(
            for: model.configuration, rows: max(rows, self.longestText), precision: model.precision)
    }

    package var rows: Int { workspace.capacity }
    package var texts: Int { workspace.capacity }
    package var vocabulary: Int { model.configuration.vocabulary }
    package var width: Int { model.configuration.width }
    package var isClassifier: Bool { model.classifier != nil }

    package func run(_ texts: [EncoderText]) -> [EncodedText] {
        let batch = TextBatch(lengths: texts.map(\.tokens.count))
        model.run(texts, batch: batch, in: workspace, on: compute)
        guard let classifier = model.classifier else {
            return batch.texts.map { .vector(workspace.hidden.pooled($0, by: pooling)) }
        }
        let first = Matrix(rows: texts.count, columns: width)
        for (row, text) in batch.texts.enumerated() {
            first.copyRow(text.lowerBound, of: workspace.hidden, to: row)
        }
        let scores = classifier.scores(first, on: compute)
        return texts.indices.map { row in
            .scores(scores.withRow(row) { scores in scores.indices.map { scores[$0] } })
        }
    }
}

extension Matrix {
    /// One vector for the rows of a text.
    func pooled(_ rows: Range<Int>, by pooling: Pooling) -> [Float] {
        switch pooling {
        case .cls: return values(rows.lowerBound)
        case .last: return values(rows.upperBound - 1)
        case .mean:
            var sum = [Float](repeating: 0, count: columns)
            var target = sum.mutableSpan
            for row in rows {
                withRow(row) { state in
                    for column in state.indices {
                        target[column] += state[column]
                    }
                }
            }
            let inverse = 1 / Float(rows.count)
            for column in target.indices {
                target[column] *= inverse
            }
            return sum
        }
    }

    private func values(_ row: Int) -> [Float] {
        withRow(row) { state in state.indices.map { state[$0] } }
    }

    func copyRow(_ row: Int, of source: Matrix, to target: Int) {
        source.withRow(row) { from in
            withMutableRow(target) { into in
                for column in into.indices {
                    into[column] = from[column]
                }
            }
        }
    }
}
