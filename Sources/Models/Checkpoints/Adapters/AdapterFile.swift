package import Tensors

/// A LoRA adapter (Hu 2021) as it lies on disk, its tensors under the names of GGUF and in the order of GGUF's rows.
///
/// Formats: the folders that the PEFT library saves (adapter_config.json beside adapter_model.safetensors), and GGUF files with
/// `general.type` "adapter", as llama.cpp's convert_lora_to_gguf writes them. The files stay mapped as long as this value or the
/// ``TensorBytes`` of one of its tensors live.
package struct AdapterFile: Sendable {
    /// What has to be known of the model that an adapter changes.
    package struct Base: Sendable {
        /// `general.architecture`.
        let architecture: String
        let heads: Int
        let kvHeads: Int

        package init(architecture: String, heads: Int, kvHeads: Int) {
            self.architecture = architecture
            self.heads = heads
            self.kvHeads = kvHeads
        }
    }

    /// The factors of one tensor of the model, which becomes `W + scale * B * A`.
    package struct Pair: Sendable {
        /// Of the model's tensor, such as `blk.0.attn_q.weight`.
        package let name: String
        /// Columns of the model's tensor, then the rank.
        package let a: CheckpointTensor
        /// The rank, then rows of the model's tensor.
        package let b: CheckpointTensor
        package let scale: Float

        package var rank: Int {
            a.dimensions[1]
        }
    }

    /// As it was named.
    package let path: String
    /// In the file's order; not empty.
    package let pairs: [Pair]
    private let parts: [FileBytes]

    /// Opens a GGUF file or a folder, and checks everything but shapes beside the model's and the tensors' numbers.
    ///
    /// - Throws: ``CheckpointError`` naming file and field of what is wrong, or of what Berth does not run.
    package static func open(path: String, for base: Base) throws(CheckpointError) -> AdapterFile {
        ModelFolder.isFolder(path)
            ? try AdapterFile(peft: ModelFolder(path: path), base)
            : try AdapterFile(gguf: Checkpoint.open(path: path), base)
    }

    init(path: String, pairs: [Pair], parts: [FileBytes]) {
        self.path = path
        self.pairs = pairs
        self.parts = parts
    }

    /// A tensor's bytes, to be kept as long as they are needed.
    package func bytes(of tensor: CheckpointTensor) -> TensorBytes {
        tensor.bytes(in: parts)
    }

    /// The type that kernels know the tensor's elements by.
    ///
    /// - Throws: ``CheckpointError`` for a type that Berth can name but not compute with.
    package func elementType(of tensor: CheckpointTensor) throws(CheckpointError) -> ElementType {
        try tensor.elementType(in: parts)
    }

    /// Puts factors together by the name of what they change, in the order of their first appearance.
    struct Assembly {
        private(set) var names: [String] = []
        private var halves: [String: (a: CheckpointTensor?, b: CheckpointTensor?)] = [:]

        enum Half {
            case a
            case b
        }

        /// False where the place is taken.
        mutating func add(_ tensor: CheckpointTensor, as half: Half, of name: String) -> Bool {
            if halves[name] == nil { names.append(name) }
            var entry = halves[name] ?? (nil, nil)
            switch half {
            case .a:
                guard entry.a == nil else { return false }
                entry.a = tensor
            case .b:
                guard entry.b == nil else { return false }
                entry.b = tensor
            }
            halves[name] = entry
            return true
        }

        /// Both factors of a tensor, found to be of one rank.
        func pair(_ name: String, file: String) throws(CheckpointError) -> (
            a: CheckpointTensor, b: CheckpointTensor
        ) {
            func fail(_ code: CheckpointError.Code, _ message: String) -> CheckpointError {
                CheckpointError(
                    code: code, file: file, field: name, byteOffset: nil, message: message)
            }
            guard let a = halves[name]?.a, let b = halves[name]?.b else {
                throw fail(
                    .missingField,
                    """
                    has one of its two factors only (lora_A and lora_B); the file is damaged: save the adapter again
                    """)
            }
            guard a.dimensions.count == 2, b.dimensions.count == 2 else {
                throw fail(
                    .unsupported,
                    """
                    has factors of shapes \(a.dimensions.reversed() as [Int]) and \(b.dimensions.reversed() as [Int]); \
                    Berth runs adapters of matrices
                    """)
            }
            guard a.dimensions[1] == b.dimensions[0] else {
                throw fail(
                    .invalidField,
                    """
                    has a first factor of rank \(a.dimensions[1]) and a second of rank \(b.dimensions[0]); the file is \
                    damaged
                    """)
            }
            return (a, b)
        }
    }
}
