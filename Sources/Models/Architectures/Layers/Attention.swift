import Tensors

/// Multi-head self-attention with grouped key/value heads (Ainslie 2023) over the paged KV cache.
struct Attention: Sendable {
    /// What families differ in.
    struct Options {
        /// Which two dimensions of a head turn together: GGUF stores Llama permuted, others not.
        var pairing: RotaryPairing
        /// Qwen 2 adds a bias to queries, keys and values.
        var hasBias = false
        /// Qwen 3 normalizes each head's query and key.
        var normalizesHeads = false
    }

    private let layer: Int
    private let heads: Int
    private let kvHeads: Int
    private let headDimension: Int
    private let epsilon: Float
    private let pairing: RotaryPairing
    private let window: Int?
    private let norm: [Float]
    /// Queries, keys and values stacked: one pass over the input.
    private let projection: WeightMatrix
    private let bias: [Float]?
    private let headNorms: ProjectedHeads.Norms?
    private let output: WeightMatrix

    init(_ reader: WeightReader, layer: Int, options: Options) throws {
        let configuration = reader.configuration
        self.layer = layer
        heads = configuration.heads
        kvHeads = configuration.kvHeads
        headDimension = configuration.headDimension
        epsilon = configuration.normEpsilon
        pairing = options.pairing
        window = configuration.windows[layer]

        let block = "blk.\(layer)"
        let queryWidth = heads * headDimension
        let kvWidth = kvHeads * headDimension
        let parts = [
            (name: "\(block).attn_q", rows: queryWidth), (name: "\(block).attn_k", rows: kvWidth),
            (name: "\(block).attn_v", rows: kvWidth),
        ]
        norm = try reader.vector("\(block).attn_norm.weight", count: configuration.width)
        projection = try reader.matrix(parts, columns: configuration.width)
        bias =
            options.hasBias
            ? try parts.flatMap { try reader.vector("\($0.name).bias", count: $0.rows) } : nil
        headNorms =
            options.normalizesHeads
            ? ProjectedHeads.Norms(
                query: try reader.vector("\(block).attn_q_norm.weight", count: headDimension),
                key: try reader.vector("\(block).attn_k_norm.weight", count: headDimension),
                epsilon: epsilon) : nil
        output = try reader.matrix(
            "\(block).attn_output", rows: configuration.width, columns: queryWidth)
    }

    /// Adds the layer's result to `workspace.hidden`.
    func run(_ step: ModelStep, in workspace: Workspace, on compute: Compute) {
        let rows = step.rows
        let projected = workspace.projected

        let input = workspace.blocks(for: projection)
        compute.normalize(
            workspace.hidden, rows: rows, weight: norm, epsilon: epsilon,
            into: workspace.normalized, and: input)
        compute.multiply(
            projection, workspace.normalized, quantized: input, rows: rows, into: projected)
        workspace.adapt(
            projected, .projection, layer: layer, of: workspace.normalized, rows: step.adapters,
            on: compute)
        if let bias {
            compute.addBias(bias, to: projected, rows: rows, column: 0)
        }
        var heads = ProjectedHeads(projected, heads: heads, layout: step.layout)
        heads.norms = headNorms
        heads.rotation = .init(angles: workspace.angles, pairing: pairing)
        compute.attend(
            heads, layer: layer, batch: step.attention, layout: step.layout, window: window,
            scale: 1 / Float(headDimension).squareRoot(), into: workspace.attended)
        workspace.multiply(
            output, workspace.attended, rows: rows, into: workspace.residual, on: compute)
        workspace.adapt(
            workspace.residual, .output, layer: layer, of: workspace.attended, rows: step.adapters,
            on: compute)
        compute.add(workspace.residual, to: workspace.hidden, rows: rows)
    }
}
