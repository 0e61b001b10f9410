import Synchronization
package import Tensors

/// A low-rank adapter (LoRA, Hu 2021) of one model, ready to run: immutable.
///
/// Whoever runs steps with it keeps it alive, so that it can be taken off a list of adapters at any time.
package final class Adapter: Sendable {
    /// Another for every adapter that was made since the program started, from 1 on: keys and values that one computed
    /// never pass for those of another.
    package let id = nextID.withLock { id in
        id += 1
        return id
    }
    private static let nextID = Mutex(0)

    /// Of the model that it changes.
    package let configuration: ModelConfiguration
    /// Bytes of the factors, all of which a step reads.
    package let byteCount: Int
    /// The largest of its products' ranks.
    package let rank: Int
    /// By layer, then by product; `nil` where nothing changes.
    private let updates: [[LowRankUpdate?]]
    private let head: LowRankUpdate?

    /// Products whose outputs an adapter may change; those that share their input are one.
    enum Product: Int, CaseIterable {
        /// Queries, keys and values.
        case projection
        /// What attention gives back to the residual stream.
        case output
        /// Gate and up of a dense feed-forward layer.
        case gateUp
        case down
        /// Logits.
        case head
    }

    /// The factors of one tensor of the model.
    package struct Factors {
        /// GGUF's name of the tensor, such as `blk.0.attn_q.weight`.
        package let name: String
        /// Row after row: `[rank][columns of the tensor]`.
        package let a: [Float]
        /// Row after row: `[rows of the tensor][rank]`.
        package let b: [Float]
        package let rank: Int
        /// What the product of both is multiplied by.
        package let scale: Float

        package init(name: String, a: [Float], b: [Float], rank: Int, scale: Float) {
            self.name = name
            self.a = a
            self.b = b
            self.rank = rank
            self.scale = scale
        }
    }

    /// - `factors`: finite, of tensors that ``AdaptedTensor/all(of:)`` lists, each once.
    package init(_ factors: [Factors], of configuration: ModelConfiguration, on compute: Compute) {
        self.configuration = configuration
        let places = AdaptedTensor.byName(of: configuration)
        var byProduct: [Int: [(AdaptedTensor, Factors)]] = [:]
        let products = Product.allCases.count
        for factors in factors {
            guard let tensor = places[factors.name] else {
                preconditionFailure("factors of no tensor that can be adapted")
            }
            byProduct[tensor.layer * products + tensor.product.rawValue, default: []]
                .append((tensor, factors))
        }
        var updates = [[LowRankUpdate?]](
            repeating: Array(repeating: nil, count: products), count: configuration.layers)
        var head: LowRankUpdate?
        var bytes = 0
        for (key, members) in byProduct {
            let update = LowRankUpdate(
                members.sorted { $0.0.column < $1.0.column }.map { tensor, factors in
                    LowRankUpdate.Factors(
                        a: factors.a, b: factors.b, rank: factors.rank, scale: factors.scale,
                        column: tensor.column)
                }, columns: members[0].0.columns, compute: compute)
            bytes += update.byteCount
            let (layer, product) = key.quotientAndRemainder(dividingBy: products)
            if product == Product.head.rawValue {
                head = update
            } else {
                updates[layer][product] = update
            }
        }
        self.updates = updates
        self.head = head
        byteCount = bytes
        rank = factors.reduce(0) { max($0, $1.rank) }
    }

    func update(_ product: Product, layer: Int) -> LowRankUpdate? {
        product == .head ? head : updates[layer][product.rawValue]
    }

    /// The longest row of intermediate results.
    var longestInner: Int {
        updates.joined().reduce(head?.rank ?? 0) { max($0, $1?.rank ?? 0) }
    }
}

/// A tensor of a model that adapters may change.
package struct AdaptedTensor: Sendable {
    /// GGUF's name.
    package let name: String
    package let columns: Int
    package let rows: Int
    let layer: Int
    let product: Adapter.Product
    /// Where its rows go in a row of the product's output.
    let column: Int

    /// All of a model: those of attention, of dense feed-forward layers, and the output head.
    package static func all(of configuration: ModelConfiguration) -> [AdaptedTensor] {
        let width = configuration.width
        let queries = configuration.heads * configuration.headDimension
        let keys = configuration.kvHeads * configuration.headDimension
        let inner = configuration.feedForward
        var tensors: [AdaptedTensor] = []
        for layer in 0..<configuration.layers {
            func add(
                _ name: String, _ columns: Int, _ rows: Int, _ product: Adapter.Product,
                at column: Int = 0
            ) {
                tensors.append(
                    AdaptedTensor(
                        name: "blk.\(layer).\(name).weight", columns: columns, rows: rows,
                        layer: layer, product: product, column: column))
            }
            add("attn_q", width, queries, .projection)
            add("attn_k", width, keys, .projection, at: queries)
            add("attn_v", width, keys, .projection, at: queries + keys)
            add("attn_output", queries, width, .output)
            guard configuration.experts == nil else { continue }
            add("ffn_gate", width, inner, .gateUp)
            add("ffn_up", width, inner, .gateUp, at: inner)
            add("ffn_down", inner, width, .down)
        }
        tensors.append(
            AdaptedTensor(
                name: "output.weight", columns: width, rows: configuration.vocabulary, layer: 0,
                product: .head, column: 0))
        return tensors
    }

    static func byName(of configuration: ModelConfiguration) -> [String: AdaptedTensor] {
        Dictionary(uniqueKeysWithValues: all(of: configuration).map { ($0.name, $0) })
    }
}
