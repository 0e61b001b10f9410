package import Tensors

/// The activations of one step, allocated once for the largest step and used by every layer in turn.
///
/// Not `Sendable`: it belongs to the one thread that runs the model.
package final class Workspace {
    /// Most rows (tokens) of one step.
    package let capacity: Int
    /// Most rows of one step whose logits can be asked for.
    package let outputCapacity: Int
    /// `[capacity][width]`: the residual stream.
    let hidden: Matrix
    let normalized: Matrix
    /// Queries, keys and values: `[capacity][queries + keys + values]`.
    let projected: Matrix
    let attended: Matrix
    /// Gate, then up: `[capacity][2 * feedForward]`.
    let gateUp: Matrix
    let gated: Matrix
    /// What a layer adds to `hidden`.
    let residual: Matrix
    /// `[outputCapacity][width]`: the rows of `hidden` that get logits.
    let selected: Matrix
    /// The output rows behind the final norm: what embeddings are made of.
    package var states: Matrix { normalized }
    /// What the last step computed: `[outputCapacity][vocabulary]`, or no rows.
    package let logits: Matrix
    let angles: RotaryAngles
    /// What experts compute with; `nil` for a dense model.
    let experts: ExpertWorkspace?
    private let quantized: QuantizedRows
    /// What adapters compute between their factors; made when a step first has one.
    private var inner = Matrix(rows: 0, columns: 0)

    /// - `hasLogits`: whether steps end with logits, or with ``states``.
    package init(
        for configuration: ModelConfiguration, rows: Int, outputRows: Int, hasLogits: Bool = true
    ) {
        let width = configuration.width
        let queries = configuration.heads * configuration.headDimension
        let keysAndValues = 2 * configuration.kvHeads * configuration.headDimension
        capacity = rows
        outputCapacity = outputRows
        hidden = Matrix(rows: rows, columns: width)
        normalized = Matrix(rows: max(rows, outputRows), columns: width)
        projected = Matrix(rows: rows, columns: queries + keysAndValues)
        attended = Matrix(rows: rows, columns: queries)
        let inner = configuration.experts == nil ? configuration.feedForward : 0
        gateUp = Matrix(rows: rows, columns: 2 * inner)
        gated = Matrix(rows: rows, columns: inner)
        residual = Matrix(rows: rows, columns: width)
        selected = Matrix(rows: outputRows, columns: width)
        logits = Matrix(
            rows: hasLogits ? outputRows : 0, columns: configuration.vocabulary)
        experts = configuration.experts.map {
            ExpertWorkspace(for: $0, width: width, rows: rows)
        }
        angles = RotaryAngles(rows: rows, pairs: configuration.rotary.dimensions / 2)
        quantized = QuantizedRows(
            rows: max(rows, outputRows),
            columns: max(width, queries, inner))
    }

    /// Room for the results of adapters' first factors.
    func inner(columns: Int) -> Matrix {
        if inner.columns < columns {
            inner = Matrix(rows: max(capacity, outputCapacity), columns: columns)
        }
        return inner
    }

    /// Where the input of a product is rounded to, when its weights want that.
    ///
    /// One input at a time.
    func blocks(for weights: WeightMatrix) -> QuantizedRows? {
        weights.needsQuantizedInput ? quantized : nil
    }

    /// A product whose input is quantized first where the weights want it.
    func multiply(
        _ weights: WeightMatrix, _ input: Matrix, rows: Int, into output: Matrix,
        on compute: Compute
    ) {
        let blocks = blocks(for: weights)
        if let blocks {
            compute.quantize(input, rows: rows, into: blocks)
        }
        compute.multiply(weights, input, quantized: blocks, rows: rows, into: output)
    }
}
