/// The files of a repository that make up a model for Hugging Face's libraries.
enum SafetensorsFolder {
    private static let companions: Set<String> = [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "tokenizer.model", "vocab.json", "vocab.txt", "merges.txt", "special_tokens_map.json",
        "added_tokens.json", "chat_template.jinja", "chat_template.json", "modules.json",
        "sentence_bert_config.json", "config_sentence_transformers.json",
        "model.safetensors.index.json",
    ]

    /// - Returns: `nil` where weights or configuration are missing.
    static func model(in listing: [RemoteFile]) -> ModelFiles? {
        let root = listing.filter { $0.path.components.count == 1 }
        let all = root.filter { $0.path.text.hasSuffix(".safetensors") }
        // Some repositories hold the same weights twice, in another layout under another name.
        let usual = all.filter { isUsual($0.path.text) }
        let weights = usual.isEmpty ? all : usual
        guard !weights.isEmpty, root.contains(where: { $0.path.text == "config.json" }) else {
            return nil
        }
        let beside = listing.filter { companions.contains($0.path.text) || isModule($0.path) }
        let files = (beside + weights).sorted { $0.path < $1.path }
        return ModelFiles(kind: .safetensors, tag: "safetensors", quantization: nil, files: files)
    }

    /// `model.safetensors` or `model-00001-of-00002.safetensors`.
    private static func isUsual(_ name: String) -> Bool {
        name == "model.safetensors"
            || name.hasPrefix("model-") && GGUFName(Substring(name.dropLast(12))).part != nil
    }

    /// What sentence-transformers keeps in folders such as `1_Pooling` and `2_Dense`.
    private static func isModule(_ path: RepositoryPath) -> Bool {
        let parts = path.components
        guard parts.count == 2, let number = parts[0].split(separator: "_").first,
            parts[0].contains("_"), Int(number) != nil
        else { return false }
        return parts[1] == "config.json" || parts[1] == "model.safetensors"
    }
}
