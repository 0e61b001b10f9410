import Tensors

/// SwiGLU feed-forward layer (Shazeer 2020): `down(silu(gate(x)) * up(x))`.
struct FeedForward: ResidualBlock {
    private let layer: Int
    private let epsilon: Float
    private let inner: Int
    private let norm: [Float]
    /// Gate above up: one pass over the input.
    private let gateUp: WeightMatrix
    private let down: WeightMatrix

    init(_ reader: WeightReader, layer: Int) throws {
        let configuration = reader.configuration
        let block = "blk.\(layer)"
        self.layer = layer
        epsilon = configuration.normEpsilon
        inner = configuration.feedForward
        norm = try reader.vector("\(block).ffn_norm.weight", count: configuration.width)
        gateUp = try reader.matrix(
            [(name: "\(block).ffn_gate", rows: inner), (name: "\(block).ffn_up", rows: inner)],
            columns: configuration.width)
        down = try reader.matrix(
            "\(block).ffn_down", rows: configuration.width, columns: inner)
    }

    func run(_ step: ModelStep, in workspace: Workspace, on compute: Compute) {
        let rows = step.rows
        let input = workspace.blocks(for: gateUp)
        compute.normalize(
            workspace.hidden, rows: rows, weight: norm, epsilon: epsilon,
            into: workspace.normalized, and: input)
        compute.multiply(
            gateUp, workspace.normalized, quantized: input, rows: rows, into: workspace.gateUp)
        workspace.adapt(
            workspace.gateUp, .gateUp, layer: layer, of: workspace.normalized, rows: step.adapters,
            on: compute)
        let gated = workspace.blocks(for: down)
        compute.gate(
            workspace.gateUp, rows: rows, width: inner, into: workspace.gated, and: gated)
        compute.multiply(
            down, workspace.gated, quantized: gated, rows: rows, into: workspace.residual)
        workspace.adapt(
            workspace.residual, .down, layer: layer, of: workspace.gated, rows: step.adapters,
            on: compute)
        compute.add(workspace.residual, to: workspace.hidden, rows: rows)
    }
}
