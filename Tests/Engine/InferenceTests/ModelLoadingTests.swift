import Architectures
import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("A file that makes no model is refused in words")
struct ModelLoadingTests {
    /// Loads a fixture in which one piece of text was replaced by another of the same length.
    private func load(
        _ name: String = "llama-narrow-F32", replacing old: String, with new: String,
        plus: [(offset: Int, bytes: [UInt8])] = []
    ) throws {
        precondition(old.utf8.count == new.utf8.count, "offsets must stay")
        var data = try Data(contentsOf: URL(fileURLWithPath: ParityFixtures.model(name)))
        let range = try #require(data.range(of: Data(old.utf8)))
        data.replaceSubrange(range, with: Data(new.utf8))
        for change in plus {
            let start = range.upperBound + change.offset
            data.replaceSubrange(start..<start + change.bytes.count, with: change.bytes)
        }
        let folder = FileManager.default.temporaryDirectory
        let path = folder.appending(path: "berth-\(UUID().uuidString).gguf")
        try data.write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        _ = try ModelFamilies.load(try Checkpoint.open(path: path.path), on: Compute(threads: 1))
    }

    @Test("An unknown architecture is named, with those that run")
    func unknownArchitecture() {
        #expect {
            try load(
                replacing: "general.architecture\u{8}\0\0\0\u{5}\0\0\0\0\0\0\0llama",
                with: "general.architecture\u{8}\0\0\0\u{5}\0\0\0\0\0\0\0mamba")
        } throws: { error in
            let error = error as? ModelError
            return error?.code == .unsupportedArchitecture
                && error?.message.contains("qwen3") == true
        }
    }

    @Test(
        "A missing tensor is named",
        arguments: [
            "token_embd.weight", "blk.0.attn_q.weight", "blk.0.ffn_down.weight",
            "output_norm.weight",
        ])
    func missingTensor(name: String) {
        let other = String(name.dropLast()) + "x"
        #expect {
            try load(replacing: name, with: other)
        } throws: { error in
            let error = error as? ModelError
            return error?.code == .missingTensor && error?.field == name
        }
    }

    @Test(
        "A bias or head norm that a family needs is not silently left out",
        arguments: [
            ("qwen2-narrow-F32", "blk.0.attn_k.bias"),
            ("qwen3-narrow-F32", "blk.0.attn_k_norm.weight"),
        ])
    func missingFamilyTensor(file: String, name: String) {
        #expect {
            try load(file, replacing: name, with: String(name.dropLast()) + "x")
        } throws: { error in
            let error = error as? ModelError
            return error?.code == .missingTensor && error?.field == name
        }
    }

    @Test("A tensor that the family does not use is refused, not left out")
    func strayTensor() {
        // Without "output.weight" the embedding would be taken for it.
        #expect {
            // The length before the name keeps "attn_output.weight" out of it.
            let length = "\u{D}\0\0\0\0\0\0\0"
            try load(replacing: length + "output.weight", with: length + "outpux.weight")
        } throws: { error in
            let error = error as? ModelError
            return error?.code == .unsupportedFeature && error?.field == "outpux.weight"
        }
    }

    @Test(
        "Numbers that make no model are refused with their key",
        arguments: [
            ("llama.attention.head_count", UInt32(0)), ("llama.attention.head_count", 1 << 20),
            ("llama.attention.head_count_kv", 3), ("llama.block_count", 0),
            ("llama.embedding_length", 0), ("llama.rope.dimension_count", 7),
        ])
    func invalidNumber(key: String, value: UInt32) {
        // After a key come the value's type (4 bytes) and the value.
        let length = (0..<8).map { UInt8(truncatingIfNeeded: key.utf8.count >> (8 * $0)) }
        let prefix = String(decoding: length, as: UTF8.self)
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        #expect {
            try load(
                replacing: prefix + key, with: prefix + key, plus: [(offset: 4, bytes: bytes)])
        } throws: { error in
            let error = error as? ModelError
            return error?.code == .invalidConfiguration && error?.field == key
        }
    }

    @Test(
        "Numbers that make no mixture of experts are refused with their key",
        arguments: [
            ("expert_count", UInt32(0)), ("expert_count", 1 << 20), ("expert_used_count", 0),
            ("expert_used_count", 7), ("expert_feed_forward_length", 0),
        ])
    func invalidExperts(key: String, value: UInt32) throws {
        let key = "qwen3moe.\(key)"
        let file = try ModelVariant.open("qwen3moe-narrow-F32", metadata: [key: .uint32(value)])
        #expect {
            try ModelFamilies.load(file, on: Compute(threads: 1))
        } throws: { error in
            let error = error as? ModelError
            return error?.code == .invalidConfiguration && error?.field == key
        }
    }

    @Test("Stacks of another number or length of experts than the metadata say are refused")
    func wrongExperts() throws {
        for (key, value, tensor) in [
            ("expert_count", UInt32(5), "blk.0.ffn_gate_inp.weight"),
            ("expert_feed_forward_length", 64, "blk.0.ffn_gate_exps.weight"),
        ] {
            let file = try ModelVariant.open(
                "qwen3moe-narrow-F32", metadata: ["qwen3moe.\(key)": .uint32(value)])
            #expect {
                try ModelFamilies.load(file, on: Compute(threads: 1))
            } throws: { error in
                let error = error as? ModelError
                return error?.code == .wrongShape && error?.field == tensor
            }
        }
    }

    @Test("Weights of another shape than the metadata say are refused with both shapes")
    func wrongShape() {
        let key = "llama.feed_forward_length"
        #expect {
            try load(replacing: key, with: key, plus: [(offset: 4, bytes: [64, 0, 0, 0])])
        } throws: { error in
            let error = error as? ModelError
            return error?.code == .wrongShape && error?.field.contains("ffn_gate") == true
        }
    }
}
