import Tensors

/// SwiGLU feed-forward layers of which every token goes through a few (Shazeer 2017, Fedus 2021), chosen by the
/// softmax of a router: `sum over the chosen of weight * down(silu(gate(x)) * up(x))`.
///
/// The router computes in float32 whatever the file holds it in: a wrong choice costs more than a rounded weight.
/// A token's experts are added in the order of their weights, the heaviest first.
struct MixtureOfExperts: ResidualBlock {
    private let epsilon: Float
    private let normalizesWeights: Bool
    private let norm: [Float]
    private let router: WeightMatrix
    /// Expert after expert, gate above up.
    private let gateUp: WeightMatrix
    private let down: WeightMatrix

    init(_ reader: WeightReader, layer: Int, experts: ExpertConfiguration) throws {
        let (width, inner) = (reader.configuration.width, experts.feedForward)
        let block = "blk.\(layer)"
        epsilon = reader.configuration.normEpsilon
        normalizesWeights = experts.normalizesWeights
        norm = try reader.vector("\(block).ffn_norm.weight", count: width)
        router = try reader.floatMatrix(
            "\(block).ffn_gate_inp", rows: experts.count, columns: width)
        gateUp = try reader.experts(
            [
                (name: "\(block).ffn_gate_exps", rows: inner),
                (name: "\(block).ffn_up_exps", rows: inner),
            ], columns: width, count: experts.count)
        down = try reader.experts(
            [(name: "\(block).ffn_down_exps", rows: width)], columns: inner, count: experts.count)
    }

    func run(_ step: ModelStep, in workspace: Workspace, on compute: Compute) {
        guard let experts = workspace.experts else {
            preconditionFailure("a workspace of a dense model")
        }
        let rows = step.rows
        let input = workspace.normalized
        let blocks = workspace.blocks(for: gateUp)
        compute.normalize(
            workspace.hidden, rows: rows, weight: norm, epsilon: epsilon, into: input, and: blocks)
        compute.multiply(router, input, quantized: nil, rows: rows, into: experts.logits)
        compute.route(
            experts.logits, rows: rows, normalizesWeights: normalizesWeights, into: experts.routing)
        experts.multiply(gateUp: gateUp, input, quantized: blocks, on: compute)
        experts.multiply(down: down, on: compute)
        compute.addExperts(experts.results, by: experts.routing, to: workspace.hidden)
    }
}
