import Tensors

/// The activations of the experts of one step: a row for every token at every one of its experts.
///
/// Not `Sendable`: it belongs to the one thread that runs the model.
final class ExpertWorkspace {
    /// `[rows][experts]`: what the router says of every token.
    let logits: Matrix
    let routing: ExpertRouting
    /// Gate, then up: `[rows * used][2 * feedForward]`; the first half takes the gated values.
    let gateUp: Matrix
    /// What the experts give: `[rows * used][width]`.
    let results: Matrix
    private let quantized: QuantizedRows
    /// Only where weights are floats.
    private lazy var inputs = Matrix(rows: results.rows, columns: results.columns)

    /// - `rows`: most tokens of one step.
    init(for experts: ExpertConfiguration, width: Int, rows: Int) {
        let places = rows * experts.used
        logits = Matrix(rows: rows, columns: experts.count)
        routing = ExpertRouting(capacity: rows, experts: experts.count, used: experts.used)
        gateUp = Matrix(rows: places, columns: 2 * experts.feedForward)
        results = Matrix(rows: places, columns: width)
        quantized = QuantizedRows(rows: places, columns: max(width, experts.feedForward))
    }

    /// Gate and up of every token at its experts.
    ///
    /// - `blocks`: `input`, quantized; required when the weights want it.
    func multiply(
        gateUp weights: WeightMatrix, _ input: Matrix, quantized blocks: QuantizedRows?,
        on compute: Compute
    ) {
        if let blocks {
            compute.gather(blocks, by: routing, into: quantized)
        }
        if weights.needsFloatInput {
            compute.gather(input, by: routing, into: inputs)
        }
        compute.multiply(
            weights, weights.needsFloatInput ? inputs : input,
            quantized: weights.needsQuantizedInput ? quantized : nil, by: routing, into: gateUp)
    }

    /// The gate, and down.
    func multiply(down weights: WeightMatrix, on compute: Compute) {
        let blocks = weights.needsQuantizedInput ? quantized : nil
        compute.gate(gateUp, width: weights.columns, by: routing, into: blocks)
        compute.multiply(weights, gateUp, quantized: blocks, by: routing, into: results)
    }
}
