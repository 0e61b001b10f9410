"""BERT models: as GGUF files with llama.cpp's names, and run by transformers.

    encoders.py FOLDER OUT.gguf     a Hugging Face folder as a GGUF file, float32
"""

import argparse
import json
import pathlib

import gguf
import numpy as np
import torch
import transformers

LAYER_NAMES = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}

OTHER_NAMES = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.LayerNorm.weight": "token_embd_norm.weight",
    "embeddings.LayerNorm.bias": "token_embd_norm.bias",
}

CLASSIFIER_NAMES = {
    "pooler.dense.weight": "cls.weight",
    "pooler.dense.bias": "cls.bias",
    "classifier.weight": "cls.output.weight",
    "classifier.bias": "cls.output.bias",
}

POOLING = {"mean": 1, "cls": 2, "last": 3, "rank": 4}


def gguf_name(name, has_classifier):
    """What llama.cpp calls a tensor of transformers; None for one that it leaves out."""
    name = name.removeprefix("bert.")
    if name in OTHER_NAMES:
        return OTHER_NAMES[name]
    if name in CLASSIFIER_NAMES:
        return CLASSIFIER_NAMES[name] if has_classifier else None
    if name.startswith("encoder.layer."):
        index, part = name.removeprefix("encoder.layer.").split(".", 1)
        module, kind = part.rsplit(".", 1)
        return f"blk.{index}.{LAYER_NAMES[module]}.{kind}"
    return None


def write(model, path, pooling, tokens=None, limit=None):
    config = model.config
    has_classifier = hasattr(model, "classifier")
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(limit or config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_layer_norm_eps(config.layer_norm_eps)
    writer.add_causal_attention(False)
    writer.add_uint32("bert.pooling_type", POOLING[pooling])
    if tokens:
        # llama.cpp marks the beginning of a word, not its continuation.
        words = [t if t.startswith("[") and t.endswith("]") else
                 t[2:] if t.startswith("##") else "\u2581" + t for t in tokens]
        writer.add_tokenizer_model("bert")
        writer.add_token_list(words)
        special = {name: tokens.index(f"[{name}]") for name in ("CLS", "SEP", "UNK", "PAD")}
        types = [gguf.TokenType.CONTROL if i in special.values() else gguf.TokenType.NORMAL
                 for i in range(len(tokens))]
        types[special["UNK"]] = gguf.TokenType.UNKNOWN
        writer.add_token_types(types)
        writer.add_bos_token_id(special["CLS"])
        writer.add_eos_token_id(special["SEP"])
        writer.add_uint32("tokenizer.ggml.seperator_token_id", special["SEP"])
        writer.add_unk_token_id(special["UNK"])
        writer.add_pad_token_id(special["PAD"])
        writer.add_token_type_count(config.type_vocab_size)
    for name, tensor in model.state_dict().items():
        target = gguf_name(name, has_classifier)
        if target:
            writer.add_tensor(target, tensor.float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file(progress=False)
    writer.close()


def states(model, tokens, types=None):
    """The last hidden states of one text."""
    with torch.no_grad():
        kinds = torch.tensor([types or [0] * len(tokens)])
        return model(input_ids=torch.tensor([tokens]), token_type_ids=kinds).last_hidden_state[0].numpy()


def load(folder):
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("out")
    arguments = parser.parse_args()
    tokenizer = json.loads((arguments.folder / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    tokens = sorted(vocabulary, key=vocabulary.get)
    limit = None
    limits = arguments.folder / "sentence_bert_config.json"
    if limits.exists():
        limit = json.loads(limits.read_text()).get("max_seq_length")
    write(load(arguments.folder), arguments.out, "mean", tokens, limit)


if __name__ == "__main__":
    main()
