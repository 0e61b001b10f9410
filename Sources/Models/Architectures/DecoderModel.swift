package import Tensors

/// A decoder-only transformer, ready to run: immutable weights, no state.
///
/// What it remembers between steps lives in KV pages that the caller owns; ``layout`` says their shape.
package final class DecoderModel: Sendable {
    package let configuration: ModelConfiguration
    /// Shape of the state that every layer keeps for every position, in float16; the cache's owner may choose others.
    package let layout: KVPageLayout
    /// What a step reads and multiplies.
    package let counts: WeightCounts
    private let embedding: TokenEmbedding
    private let layers: [DecoderLayer]
    private let head: OutputHead
    private let frequencies: [Double]

    /// Puts a model together of a family's layers, for texts of up to `contextLength` positions.
    init(_ reader: WeightReader, layers: [DecoderLayer], contextLength: Int) throws {
        configuration = reader.configuration
        layout = configuration.layout
        embedding = try TokenEmbedding(
            reader, width: configuration.width, vocabulary: configuration.vocabulary)
        self.layers = layers
        var counts = reader.counts
        head = try OutputHead(reader)
        let all = reader.counts.dense
        counts.head.add(
            all.bytes - counts.dense.bytes, parameters: all.parameters - counts.dense.parameters)
        if let experts = configuration.experts {
            counts.usedPart = Double(experts.used) / Double(experts.count)
        }
        self.counts = counts
        frequencies = configuration.rotary.frequencies(
            factors: try reader.rotaryFactors(contextLength: contextLength))
        try reader.requireAllUsed()
    }

    /// Runs one step; afterwards the first `step.outputRows.count` rows of `workspace.logits` are filled.
    ///
    /// A workspace without logits gets the final states of these rows only.
    ///
    /// The logits of a row depend on its own sequence only, bit for bit: not on what else is in the
    /// batch, nor on how its prompt was cut into steps; without an adapter, nor on those of others.
    package func run(_ step: ModelStep, in workspace: Workspace, on compute: Compute) {
        precondition(step.rows <= workspace.capacity, "more rows than the workspace holds")
        precondition(
            step.outputRows.count <= workspace.outputCapacity, "more outputs than there is room for"
        )
        precondition(
            step.adapters.allSatisfy { $0.adapter.configuration == configuration },
            "an adapter of another model")
        guard step.rows > 0 else { return }
        embedding.look(up: step.tokens, into: workspace.hidden)
        workspace.angles.update(
            positions: step.attention.positions, frequencies: frequencies,
            magnitude: configuration.rotary.magnitude, on: compute)
        for layer in layers {
            layer.run(step, in: workspace, on: compute)
        }
        head.run(step, in: workspace, on: compute)
    }
}

/// A part of a layer that adds its result to the residual stream.
protocol ResidualBlock: Sendable {
    /// Adds the result to `workspace.hidden`.
    func run(_ step: ModelStep, in workspace: Workspace, on compute: Compute)
}

/// One layer: attention, then feed-forward, each added to the residual stream.
struct DecoderLayer: Sendable {
    let attention: Attention
    let feedForward: any ResidualBlock

    func run(_ step: ModelStep, in workspace: Workspace, on compute: Compute) {
        attention.run(step, in: workspace, on: compute)
        feedForward.run(step, in: workspace, on: compute)
    }
}

/// The rows of one step: tokens of any number of sequences, each at its position.
package struct ModelStep {
    /// Token ids, one a row; each below the vocabulary's size.
    package let tokens: [Int]
    /// Sequence and position of every row, and the sequences' pages.
    package let attention: AttentionBatch
    package let layout: KVPageLayout
    /// Rows whose logits are wanted, in the order in which they will stand in `logits`.
    package let outputRows: [Int]
    /// Rows that adapters of the model change, in order and without overlap.
    ///
    /// Rows of one adapter are best side by side: its factors are then read once.
    package let adapters: [AdaptedRows]

    package var rows: Int {
        tokens.count
    }

    package init(
        tokens: [Int], attention: AttentionBatch, layout: KVPageLayout, outputRows: [Int],
        adapters: [AdaptedRows] = []
    ) {
        precondition(tokens.count == attention.positions.count, "a position for every token")
        self.tokens = tokens
        self.attention = attention
        self.layout = layout
        self.outputRows = outputRows
        precondition(
            zip(adapters, adapters.dropFirst()).allSatisfy {
                $0.rows.upperBound <= $1.rows.lowerBound
            } && adapters.last.map { $0.rows.upperBound <= tokens.count } ?? true,
            "rows of two adapters, or beyond the step")
        self.adapters = adapters
    }
}
