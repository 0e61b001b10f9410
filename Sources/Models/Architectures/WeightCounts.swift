import Foundation
import Tensors

/// How much of a model's weights a step reads and multiplies: what its speed is measured by.
package struct WeightCounts: Sendable, Equatable {
    /// Some matrices together.
    package struct Matrices: Sendable, Equatable {
        /// Packed bytes.
        package var bytes = 0
        package var parameters = 0

        mutating func add(_ bytes: Int, parameters: Int) {
            self.bytes += bytes
            self.parameters += parameters
        }

        mutating func add(_ bytes: Int, rows: Int, columns: Int) {
            add(bytes, parameters: rows * columns)
        }
    }

    /// What every token meets.
    package var dense = Matrices()
    /// Of all experts; a token meets some.
    package var experts = Matrices()
    /// The product with the vocabulary, of rows whose logits are wanted.
    package var head = Matrices()
    /// The part of the experts that a token meets.
    package var usedPart = 1.0

    /// Bytes of weights that a step of so many tokens reads; of experts as many as tokens reach that choose evenly.
    package func bytes(tokens: Int, outputs: Int) -> Double {
        let reached = 1 - pow(1 - usedPart, Double(tokens))
        return Double(dense.bytes) + reached * Double(experts.bytes)
            + (outputs > 0 ? Double(head.bytes) : 0)
    }

    /// Multiplications and additions of products with weights.
    package func operations(tokens: Int, outputs: Int) -> Double {
        let perToken = Double(dense.parameters) + usedPart * Double(experts.parameters)
        return 2 * (perToken * Double(tokens) + Double(head.parameters * outputs))
    }
}
