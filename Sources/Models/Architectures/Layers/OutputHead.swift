import Checkpoints
import Tensors

/// Final norm and the product with the vocabulary, for the rows whose logits somebody will read.
struct OutputHead: Sendable {
    private let epsilon: Float
    private let norm: [Float]
    private let vocabulary: WeightMatrix

    /// Shares the embedding's weights when the file has no `output.weight` (tied embeddings).
    init(_ reader: WeightReader) throws {
        let configuration = reader.configuration
        epsilon = configuration.normEpsilon
        norm = try reader.vector("output_norm.weight", count: configuration.width)
        let isTied = reader.file.tensor(named: "output.weight") == nil
        vocabulary = try reader.matrix(
            isTied ? "token_embd" : "output", rows: configuration.vocabulary,
            columns: configuration.width)
    }

    /// Fills the first `step.outputRows.count` rows of `workspace.states`, and of its logits where it has any.
    func run(_ step: ModelStep, in workspace: Workspace, on compute: Compute) {
        let count = step.outputRows.count
        guard count > 0 else { return }
        for (target, row) in step.outputRows.enumerated() {
            workspace.hidden.withRow(row) { source in
                workspace.selected.withMutableRow(target) { destination in
                    for index in source.indices {
                        destination[index] = source[index]
                    }
                }
            }
        }
        let hasLogits = workspace.logits.rows > 0
        let input = hasLogits ? workspace.blocks(for: vocabulary) : nil
        compute.normalize(
            workspace.selected, rows: count, weight: norm, epsilon: epsilon,
            into: workspace.normalized, and: input)
        guard hasLogits else { return }
        compute.multiply(
            vocabulary, workspace.normalized, quantized: input, rows: count,
            into: workspace.logits)
        workspace.adapt(
            workspace.logits, .head, of: workspace.normalized, rows: step.adaptedOutputs,
            on: compute)
    }
}
