import Checkpoints
import Foundation
package import Tensors

/// The head of a cross-encoder: a dense layer with tanh where the file has one, then a score for every label.
package struct Classifier: Sendable {
    /// Scores that a text gets.
    package let labels: Int
    private let pooler: Layer?
    private let output: Layer

    private struct Layer {
        let weights: WeightMatrix
        let bias: [Float]

        init(_ reader: TensorReader, _ name: String, rows: Int, columns: Int) throws {
            weights = try reader.matrix(name, rows: rows, columns: columns)
            bias = try reader.vector("\(name).bias", count: rows)
        }

        func run(_ input: Matrix, on compute: Compute) -> Matrix {
            let result = Matrix(rows: input.rows, columns: weights.rows)
            var quantized: QuantizedRows?
            if weights.needsQuantizedInput {
                let rows = QuantizedRows(rows: input.rows, columns: input.columns)
                compute.quantize(input, rows: input.rows, into: rows)
                quantized = rows
            }
            compute.multiply(weights, input, quantized: quantized, rows: input.rows, into: result)
            compute.addBias(bias, to: result, rows: input.rows, column: 0)
            return result
        }
    }

    /// `nil` where the file has no `cls.output`; a pooler alone (`cls`) serves nobody, and is passed over.
    init?(_ reader: TensorReader, _ configuration: EncoderConfiguration) throws {
        let width = configuration.width
        let hasPooler = reader.file.tensor(named: "cls.weight") != nil
        pooler = hasPooler ? try Layer(reader, "cls", rows: width, columns: width) : nil
        guard let tensor = reader.file.tensor(named: "cls.output.weight") else { return nil }
        labels = tensor.dimensions.count == 2 ? tensor.dimensions[1] : 1
        guard (1...1 << 16).contains(labels) else {
            throw ModelError(
                code: .invalidConfiguration, file: reader.file.path, field: tensor.name,
                message: "has \(labels) labels; Berth runs 1 to \(1 << 16)")
        }
        output = try Layer(reader, "cls.output", rows: labels, columns: width)
    }

    /// The scores of every row of `states`, which are texts' first tokens.
    package func scores(_ states: Matrix, on compute: Compute) -> Matrix {
        guard let pooler else { return output.run(states, on: compute) }
        let pooled = pooler.run(states, on: compute)
        for row in 0..<pooled.rows {
            pooled.withMutableRow(row) { state in
                for index in state.indices {
                    state[index] = Float(tanh(Double(state[index])))
                }
            }
        }
        return output.run(pooled, on: compute)
    }
}
