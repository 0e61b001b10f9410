package import Checkpoints
import Tensors

/// How an encoder's weights are kept.
package enum WeightPrecision: String, Sendable, CaseIterable {
    /// Every weight rounded to 13 bits with a scale for every 128, and activations too: fast, and far closer to the
    /// file than 8 bits are.
    case rounded
    /// As the file holds them: float weights meet float activations, quantized ones activations of 8 bits.
    case stored

    /// What weights of this precision are packed as.
    package var form: PackedForm {
        switch self {
        case .rounded: .rounded
        case .stored: .stored
        }
    }
}

/// A product with a bias: `end(x * transpose(weights) + bias)`.
struct DenseLayer: Sendable {
    private enum Weights {
        case rounded(WordMatrix)
        case stored(WeightMatrix, bias: [Float])
    }

    let rows: Int
    private let weights: Weights

    /// Stacks tensors that share their input; each has a bias.
    init(
        _ reader: TensorReader, _ tensors: [(name: String, rows: Int)], columns: Int,
        precision: WeightPrecision
    )
        throws
    {
        rows = tensors.reduce(0) { $0 + $1.rows }
        let bias = try tensors.flatMap { try reader.vector("\($0.name).bias", count: $0.rows) }
        weights =
            switch precision {
            case .rounded:
                .rounded(try reader.roundedMatrix(tensors, columns: columns, bias: bias))
            case .stored:
                .stored(try reader.matrix(tensors, columns: columns), bias: bias)
            }
    }

    /// - `isRounded`: whether `workspace.rounded` holds the input already.
    func run(
        _ input: Matrix, rows count: Int, isRounded: Bool = false, ending: ProductEnding,
        into output: Matrix,
        in workspace: EncoderWorkspace, on compute: Compute
    ) {
        switch weights {
        case .rounded(let matrix):
            if !isRounded {
                compute.round(input, rows: count, into: workspace.rounded)
            }
            compute.multiply(matrix, workspace.rounded, ending: ending, into: output)
        case .stored(let matrix, let bias):
            let quantized = matrix.needsQuantizedInput ? workspace.quantized : nil
            if let quantized {
                compute.quantize(input, rows: count, into: quantized)
            }
            let target = ending == .accumulate ? workspace.residual : output
            compute.multiply(matrix, input, quantized: quantized, rows: count, into: target)
            compute.addBias(bias, to: target, rows: count, column: 0)
            switch ending {
            case .store: break
            case .gelu: compute.gelu(output, rows: count)
            case .accumulate: compute.add(target, to: output, rows: count)
            }
        }
    }
}

/// Layer norm with its weights.
struct LayerNorm: Sendable {
    private let weight: [Float]
    private let bias: [Float]
    private let epsilon: Float

    init(_ reader: TensorReader, _ name: String, count: Int, epsilon: Float) throws {
        weight = try reader.vector("\(name).weight", count: count)
        bias = try reader.vector("\(name).bias", count: count)
        self.epsilon = epsilon
    }

    /// Normalizes `x` in place and leaves it in `workspace.rounded` too.
    func run(_ x: Matrix, rows: Int, in workspace: EncoderWorkspace, on compute: Compute) {
        compute.layerNorm(
            x, rows: rows, weight: weight, bias: bias, epsilon: epsilon, into: x,
            rounded: workspace.rounded)
    }
}
