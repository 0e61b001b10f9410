package import Checkpoints
package import Tensors

extension AdapterFile.Base {
    /// What the tensors of an adapter of this model are called, and how their rows lie.
    package init(_ configuration: ModelConfiguration) {
        self.init(
            architecture: configuration.architecture, heads: configuration.heads,
            kvHeads: configuration.kvHeads)
    }
}

extension Adapter {
    /// Far above what anybody trains; the factors are then no smaller than what they change.
    private static let mostRank = 1024

    /// Opens a GGUF adapter or a folder of PEFT's, and packs its factors (a second for hundreds of megabytes).
    ///
    /// - Throws: `CheckpointError` or ``ModelError``, saying what in the file is at fault.
    package static func load(
        path: String, for configuration: ModelConfiguration, on compute: Compute
    ) throws -> Adapter {
        try load(
            AdapterFile.open(path: path, for: AdapterFile.Base(configuration)),
            for: configuration, on: compute)
    }

    private static func load(
        _ file: AdapterFile, for configuration: ModelConfiguration, on compute: Compute
    ) throws -> Adapter {
        let known = AdaptedTensor.byName(of: configuration)
        let factors = try file.pairs.map { pair in
            guard let tensor = known[pair.name] else {
                throw ModelError(
                    code: .unsupportedFeature, file: file.path, field: pair.name,
                    message: Self.refusal(of: pair.name, configuration))
            }
            try check(pair, of: tensor, in: file)
            return Factors(
                name: pair.name, a: try values(pair.a, in: file, on: compute),
                b: try values(pair.b, in: file, on: compute), rank: pair.rank, scale: pair.scale)
        }
        return Adapter(factors, of: configuration, on: compute)
    }

    private static func refusal(of name: String, _ configuration: ModelConfiguration) -> String {
        let words = name.split(separator: ".")
        if words.first == "blk", words.count > 1, let layer = Int(words[1]),
            layer >= configuration.layers
        {
            return """
                is in layer \(layer), but the model has \(configuration.layers) layers: the adapter was made for \
                another model
                """
        }
        return """
            is adapted, which Berth's \(configuration.architecture) models do not run: they run adapters of attention \
            (q, k, v, o), \(configuration.experts == nil ? "feed-forward layers (gate, up, down) " : "")\
            and the output head; without it the answers would be wrong
            """
    }

    /// Both factors must fit the tensor that they change.
    private static func check(
        _ pair: AdapterFile.Pair, of tensor: AdaptedTensor, in file: AdapterFile
    ) throws {
        guard (1...mostRank).contains(pair.rank) else {
            throw ModelError(
                code: .unsupportedFeature, file: file.path, field: pair.a.name,
                message: "has rank \(pair.rank); Berth runs 1 to \(mostRank)")
        }
        let (columns, rows) = (pair.a.dimensions[0], pair.b.dimensions[1])
        guard columns == tensor.columns, rows == tensor.rows else {
            throw ModelError(
                code: .wrongShape, file: file.path, field: pair.name,
                message: """
                    is changed as if it had \(rows) rows of \(columns), but the model's has \(tensor.rows) rows of \
                    \(tensor.columns): the adapter was made for another model
                    """)
        }
    }

    private static func values(
        _ tensor: CheckpointTensor, in file: AdapterFile, on compute: Compute
    ) throws -> [Float] {
        let type = try file.elementType(of: tensor)
        let bytes = file.bytes(of: tensor)
        if let index = bytes.withBytes({ compute.firstNonFinite($0, as: type) }) {
            let (row, column) = index.quotientAndRemainder(dividingBy: tensor.dimensions[0])
            throw ModelError(
                code: .invalidWeight, file: file.path, field: tensor.name,
                message: """
                    holds a number that is infinite or undefined, in row \(row), column \(column): the file is \
                    damaged, or training went wrong
                    """)
        }
        var values = [Float](repeating: 0, count: tensor.elementCount)
        bytes.withBytes { bytes in
            var span = values.mutableSpan
            dequantize(bytes, as: type, into: &span)
        }
        return values
    }
}
