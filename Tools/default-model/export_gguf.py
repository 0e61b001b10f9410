#!/usr/bin/env python3
"""Writes a trained checkpoint as GGUF.

    export_gguf.py OUT --type f32 --to master.gguf      every matrix float32: what llama.cpp's quantizer takes
    export_gguf.py OUT --type q8_0 --to model.gguf      matrices Q8_0, norms float32: what Berth embeds
"""
import argparse
import json

import gguf
import numpy as np
import torch

from model import Config, HarbourModel
from text import END, END_OF_TEXT, SPECIAL

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}")
DESCRIPTION = ("The assistant of a small harbour that somebody made up: berths, ships, cranes, tides, ferry, rules. "
               "English and some Chinese. It knows nothing else.")
MATRICES = {"query": "attn_q", "key": "attn_k", "value": "attn_v", "output": "attn_output", "gate": "ffn_gate",
            "up": "ffn_up", "down": "ffn_down"}
NORMS = {"attention_norm": "attn_norm", "feed_forward_norm": "ffn_norm"}


def load(folder):
    state = torch.load(f"{folder}/checkpoint.pt", weights_only=False, map_location="cpu")
    model = HarbourModel(Config(**state["config"]))
    model.load_state_dict(state["model"])
    return model.eval(), state


def tensors(model):
    """(GGUF name, float32 array) in the order a reader meets them."""
    yield "token_embd.weight", model.embedding.weight
    for number, layer in enumerate(model.layers):
        for ours, theirs in {**NORMS, **MATRICES}.items():
            yield f"blk.{number}.{theirs}.weight", getattr(layer, ours).weight
    yield "output_norm.weight", model.norm.weight


def add_tokenizer(writer, folder):
    with open(f"{folder}/tokenizer.json") as file:
        bpe = json.load(file)["model"]
    tokens = sorted(bpe["vocab"], key=bpe["vocab"].get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if t in SPECIAL else gguf.TokenType.NORMAL for t in tokens])
    writer.add_token_merges([" ".join(merge) for merge in bpe["merges"]])
    writer.add_bos_token_id(bpe["vocab"][END_OF_TEXT])
    writer.add_eos_token_id(bpe["vocab"][END])
    writer.add_pad_token_id(bpe["vocab"][END_OF_TEXT])
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def add_settings(writer, config):
    writer.add_name("berth-harbour")
    writer.add_description(DESCRIPTION)
    writer.add_license("Apache-2.0")
    writer.add_author("The Berth authors")
    writer.add_languages(["en", "zh"])
    writer.add_sampling_temp(0.3)
    writer.add_sampling_top_p(0.9)
    writer.add_vocab_size(config.vocabulary)
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.feed_forward)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_rope_dimension_count(config.head_width)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_layer_norm_rms_eps(config.epsilon)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder")
    ap.add_argument("--to", required=True)
    ap.add_argument("--type", choices=["f32", "q8_0"], default="f32")
    a = ap.parse_args()
    model, _ = load(a.folder)
    writer = gguf.GGUFWriter(a.to, "llama")
    add_settings(writer, model.config)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32 if a.type == "f32" else gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    add_tokenizer(writer, a.folder)
    for name, weight in tensors(model):
        array = weight.detach().float().numpy()
        if a.type == "q8_0" and array.ndim == 2:
            writer.add_tensor(name, gguf.quants.quantize(array, gguf.GGMLQuantizationType.Q8_0),
                              raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(name, np.ascontiguousarray(array))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
