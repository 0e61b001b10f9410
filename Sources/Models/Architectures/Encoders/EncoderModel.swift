package import Checkpoints
package import Tensors

/// A text for a model that reads all of it at once.
package struct EncoderText: Sendable, Equatable {
    /// Token ids, special ones included; not empty.
    package var tokens: [Int]
    /// From this index on tokens have type 1 (the second text of a pair), before it type 0.
    package var secondStart: Int

    package init(tokens: [Int], secondStart: Int? = nil) {
        self.tokens = tokens
        self.secondStart = secondStart ?? tokens.count
    }
}

/// A transformer that reads whole texts in both directions (BERT: Devlin 2019), ready to run: immutable weights, no
/// state.
///
/// Norms stand behind attention and feed-forward, positions are learned, GELU is exact.
package final class EncoderModel: Sendable {
    /// Values of `general.architecture` that it runs.
    package static let architectures = ["bert"]

    package let configuration: EncoderConfiguration
    package let precision: WeightPrecision
    /// Present in cross-encoders: scores a text (or a pair) from its first token's state.
    package let classifier: Classifier?
    /// What a step reads and multiplies.
    package let counts: WeightCounts
    private let embedding: EncoderEmbedding
    private let layers: [EncoderLayer]

    /// Loads a model: reads and checks everything, and repacks every weight that `place` does not have.
    ///
    /// - Throws: ``ModelError`` or `CheckpointError`, saying what in the file is at fault.
    package init(
        _ file: Checkpoint, precision: WeightPrecision = .rounded, on compute: Compute,
        place: any WeightPlace = WeightMemory(), progress: (Double) -> Void = { _ in }
    ) throws {
        let architecture = try file.string("general.architecture")
        guard Self.architectures.contains(architecture) else {
            throw ModelError(
                code: .unsupportedArchitecture, file: file.path, field: "general.architecture",
                message: """
                    is \"\(CheckpointError.printable(architecture))\"; encoders that Berth runs: \
                    \(Self.architectures.joined(separator: ", "))
                    """)
        }
        let configuration = try EncoderConfiguration(file: file)
        let reader = TensorReader(
            file: file, architecture: configuration.architecture, compute: compute, place: place)
        self.configuration = configuration
        self.precision = precision
        embedding = try EncoderEmbedding(reader, configuration)
        layers = try (0..<configuration.layers).map { index in
            progress(Double(index) / Double(configuration.layers))
            return try EncoderLayer(reader, configuration, index: index, precision: precision)
        }
        // A cross-encoder's head sees a text's first token only.
        counts = reader.counts
        classifier = try Classifier(reader, configuration)
        try reader.requireAllUsed()
        place.finish()
    }

    /// Runs whole texts; afterwards the first rows of `workspace.hidden` are their tokens' states, text after text.
    ///
    /// The states of a text depend on that text only, bit for bit. `texts` are what `batch` was made for, each no
    /// longer than the context, all together no more than the workspace's capacity.
    package func run(
        _ texts: [EncoderText], batch: TextBatch, in workspace: EncoderWorkspace,
        on compute: Compute
    ) {
        precondition(batch.rows <= workspace.capacity, "more rows than the workspace holds")
        precondition(batch.texts.map(\.count) == texts.map(\.tokens.count), "another batch")
        guard batch.rows > 0 else { return }
        embedding.run(texts, rows: batch.rows, in: workspace, on: compute)
        for layer in layers {
            layer.run(batch, in: workspace, on: compute)
        }
    }
}

/// Sum of a token's, its position's and its type's vectors, normalized.
private struct EncoderEmbedding: Sendable {
    private let table: TokenEmbedding
    private let width: Int
    private let positions: [Float]
    private let types: [Float]
    private let norm: LayerNorm

    init(_ reader: TensorReader, _ configuration: EncoderConfiguration) throws {
        width = configuration.width
        table = try TokenEmbedding(reader, width: width, vocabulary: configuration.vocabulary)
        positions = try reader.table(
            "position_embd.weight", rows: configuration.positions, columns: width)
        types =
            configuration.tokenTypes == 0
            ? [Float](repeating: 0, count: width)
            : try reader.table("token_types.weight", rows: configuration.tokenTypes, columns: width)
        norm = try LayerNorm(
            reader, "token_embd_norm", count: width, epsilon: configuration.normEpsilon)
    }

    func run(_ texts: [EncoderText], rows: Int, in workspace: EncoderWorkspace, on compute: Compute)
    {
        var row = 0
        for text in texts {
            table.look(up: text.tokens, into: workspace.hidden, from: row)
            for index in text.tokens.indices {
                // A model with one type knows no pairs.
                let isSecond = index >= text.secondStart && types.count > width
                add(types, isSecond ? 1 : 0, to: workspace.hidden, row: row + index)
                add(positions, index, to: workspace.hidden, row: row + index)
            }
            row += text.tokens.count
        }
        norm.run(workspace.hidden, rows: rows, in: workspace, on: compute)
    }

    private func add(_ table: [Float], _ index: Int, to matrix: Matrix, row: Int) {
        let span = table.span.extracting(index * width..<(index + 1) * width)
        matrix.withMutableRow(row) { state in
            for column in 0..<width {
                state[column] += span[column]
            }
        }
    }
}

/// Attention, then feed-forward, each added to its input and normalized.
private struct EncoderLayer: Sendable {
    private let heads: Int
    private let headDimension: Int
    /// Queries, keys and values stacked: one pass over the input.
    private let projection: DenseLayer
    private let output: DenseLayer
    private let attentionNorm: LayerNorm
    private let up: DenseLayer
    private let down: DenseLayer
    private let outputNorm: LayerNorm

    init(
        _ reader: TensorReader, _ configuration: EncoderConfiguration, index: Int,
        precision: WeightPrecision
    )
        throws
    {
        let (width, inner) = (configuration.width, configuration.feedForward)
        let block = "blk.\(index)"
        func dense(_ names: [String], rows: Int, columns: Int) throws -> DenseLayer {
            try DenseLayer(
                reader, names.map { (name: "\(block).\($0)", rows: rows) }, columns: columns,
                precision: precision)
        }
        func norm(_ name: String) throws -> LayerNorm {
            try LayerNorm(
                reader, "\(block).\(name)", count: width, epsilon: configuration.normEpsilon)
        }
        heads = configuration.heads
        headDimension = configuration.headDimension
        projection = try dense(["attn_q", "attn_k", "attn_v"], rows: width, columns: width)
        output = try dense(["attn_output"], rows: width, columns: width)
        attentionNorm = try norm("attn_output_norm")
        up = try dense(["ffn_up"], rows: inner, columns: width)
        down = try dense(["ffn_down"], rows: width, columns: inner)
        outputNorm = try norm("layer_output_norm")
    }

    /// Replaces `workspace.hidden`, which `workspace.rounded` holds too, before and after.
    func run(_ batch: TextBatch, in workspace: EncoderWorkspace, on compute: Compute) {
        let (hidden, rows) = (workspace.hidden, batch.rows)
        projection.run(
            hidden, rows: rows, isRounded: true, ending: .store, into: workspace.projected,
            in: workspace, on: compute)
        compute.attend(
            workspace.projected, heads: heads, headDimension: headDimension, batch: batch,
            scale: 1 / Float(headDimension).squareRoot(), into: workspace.attended)
        output.run(
            workspace.attended, rows: rows, ending: .accumulate, into: hidden, in: workspace,
            on: compute)
        attentionNorm.run(hidden, rows: rows, in: workspace, on: compute)
        up.run(
            hidden, rows: rows, isRounded: true, ending: .gelu, into: workspace.inner,
            in: workspace, on: compute)
        down.run(
            workspace.inner, rows: rows, ending: .accumulate, into: hidden, in: workspace,
            on: compute)
        outputNorm.run(hidden, rows: rows, in: workspace, on: compute)
    }
}
