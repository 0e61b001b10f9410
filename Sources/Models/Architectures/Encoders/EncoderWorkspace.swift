package import Tensors

/// The activations of one step of an encoder, allocated once for the largest step.
///
/// Not `Sendable`: it belongs to the one thread that runs the model.
package final class EncoderWorkspace {
    /// Most rows (tokens) of one step.
    package let capacity: Int
    /// `[capacity][width]`: the state of every token; after a step, the model's output.
    package let hidden: Matrix
    /// Queries, keys and values: `[capacity][3 * width]`.
    let projected: Matrix
    let attended: Matrix
    /// Behind the activation: `[capacity][feedForward]`.
    let inner: Matrix
    /// The input of the next product.
    let rounded: WordRows
    // What only weights kept as stored need.
    let quantized: QuantizedRows
    let residual: Matrix

    package init(for configuration: EncoderConfiguration, rows: Int, precision: WeightPrecision) {
        let width = configuration.width
        capacity = rows
        hidden = Matrix(rows: rows, columns: width)
        projected = Matrix(rows: rows, columns: 3 * width)
        attended = Matrix(rows: rows, columns: width)
        inner = Matrix(rows: rows, columns: configuration.feedForward)
        let widest = max(width, configuration.feedForward)
        rounded = WordRows(rows: rows, columns: widest)
        quantized = QuantizedRows(rows: precision == .stored ? rows : 0, columns: widest)
        residual = Matrix(rows: precision == .stored ? rows : 0, columns: width)
    }
}
