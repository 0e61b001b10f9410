extension AdapterFile {
    /// Reads a GGUF adapter: tensors are called as the model's, with `.lora_a` and `.lora_b` behind; all share
    /// `adapter.lora.alpha`, and the scale is alpha divided by the rank, or 1 where alpha is 0.
    init(gguf file: Checkpoint, _ base: Base) throws(CheckpointError) {
        func wrong(_ code: CheckpointError.Code, _ key: String, _ message: String)
            -> CheckpointError
        {
            CheckpointError(
                code: code, file: file.path, field: key,
                byteOffset: file.valueRanges[key]?.lowerBound, message: message)
        }
        let kind = try file.optionalString("general.type")
        guard kind == "adapter" else {
            throw wrong(
                .notThisFormat, "general.type",
                "is \(kind.map { "\"\(CheckpointError.printable($0))\"" } ?? "missing"), not \"adapter\": this is no adapter"
            )
        }
        let type = try file.string("adapter.type")
        guard type == "lora" else {
            throw wrong(
                .unsupported, "adapter.type",
                "is \"\(CheckpointError.printable(type))\"; Berth runs \"lora\"")
        }
        let architecture = try file.string("general.architecture")
        guard architecture == base.architecture else {
            throw wrong(
                .invalidField, "general.architecture",
                """
                is \"\(CheckpointError.printable(architecture))\", but the model's is \"\(base.architecture)\": the \
                adapter was made for another model
                """)
        }
        let tokens = "adapter.alora.invocation_tokens"
        guard file.value(tokens) == nil else {
            throw wrong(
                .unsupported, tokens,
                "asks for an adapter that starts within the text (aLoRA), which Berth does not run")
        }
        let alpha = try file.float("adapter.lora.alpha")
        guard alpha.isFinite else {
            throw wrong(.invalidField, "adapter.lora.alpha", "is \(alpha), which is no number")
        }

        var assembly = Assembly()
        for tensor in file.tensors {
            let half: Assembly.Half
            if tensor.name.hasSuffix(".lora_a") {
                half = .a
            } else if tensor.name.hasSuffix(".lora_b") {
                half = .b
            } else {
                throw CheckpointError(
                    code: .unsupported, file: file.path, field: "tensor \(tensor.name)",
                    byteOffset: tensor.byteOffset,
                    message: """
                        is neither a .lora_a nor a .lora_b, which is all that Berth runs; without it the answers \
                        would be wrong
                        """)
            }
            _ = assembly.add(tensor, as: half, of: String(tensor.name.dropLast(7)))
        }
        guard !assembly.names.isEmpty else {
            throw wrong(.missingField, "tensors", "are none; the file is no adapter")
        }
        var pairs: [Pair] = []
        for name in assembly.names {
            let (a, b) = try assembly.pair(name, file: file.path)
            let scale = alpha == 0 ? 1 : alpha / Float(max(1, a.dimensions[1]))
            pairs.append(Pair(name: name, a: a, b: b, scale: scale))
        }
        self.init(path: file.path, pairs: pairs, parts: file.parts)
    }
}
