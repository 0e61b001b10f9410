"""Logits of a GGUF file by two engines that are not Berth, and the measures they are compared with."""

import pathlib

import numpy as np


def random_tokens(count, vocabulary_size, seed=7):
    return np.random.default_rng(seed).integers(0, vocabulary_size, size=count).tolist()


def transformers_logits(path, tokens, shape=None):
    """The reference: every weight dequantized to float32, attention in plain PyTorch.

    transformers takes neither rotary scaling nor windows from a GGUF: `shape` says them.
    """
    import gguf
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    path = pathlib.Path(path).resolve()
    config = transformers.AutoConfig.from_pretrained(path.parent, gguf_file=path.name)
    for key, field in gguf.GGUFReader(path).fields.items():
        # transformers derives the head width from the model's width, which not every model does, and reads no
        # length of experts.
        if key.endswith(".attention.key_length"):
            config.head_dim = int(field.contents())
        if key.endswith(".expert_feed_forward_length"):
            config.moe_intermediate_size = int(field.contents())
    if shape is not None:
        set_positions(config, shape)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, config=config, dtype=torch.float32,
        attn_implementation="eager").eval()
    if shape is not None and shape.window and shape.family == "llama":
        # Mistral is Llama with windows, and its GGUF files say llama.
        windowed = transformers.MistralForCausalLM(transformers.MistralConfig(
            **{**config.to_dict(), "sliding_window": shape.window, "model_type": "mistral"},
            attn_implementation="eager"))
        windowed.load_state_dict(model.state_dict())
        model = windowed.eval()
    with torch.no_grad():
        return model(torch.tensor([tokens])).logits[0].numpy()


def set_positions(config, shape):
    if shape.rope:
        config.rope_parameters = {**shape.rope, "rope_theta": shape.rope_base}
    if shape.window and shape.family != "llama":
        config.use_sliding_window = True
        config.sliding_window = shape.window
        config.layer_types = [
            "sliding_attention" if shape.is_windowed(layer) else "full_attention"
            for layer in range(shape.layers)]


def llama_cpp_logits(path, tokens, cache="f16"):
    """The peer: its quantized kernels as shipped, and a cache of a type."""
    import llama_cpp

    # GGML's numbers of the types.
    kind = {"f16": 1, "q8_0": 8, "bf16": 30}[cache]
    # It keeps quantized values with its flash attention only.
    model = llama_cpp.Llama(
        str(path), n_ctx=len(tokens) + 64, n_threads=2, logits_all=True, verbose=False,
        type_k=kind, type_v=kind, flash_attn=cache != "f16")
    model.eval(tokens)
    return np.array(model.scores[:len(tokens)])


def log_probabilities(logits):
    logits = np.asarray(logits, dtype=np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def mean_divergence(reference, logits):
    """Mean over the rows of KL(reference || logits), in nats."""
    expected, found = log_probabilities(reference), log_probabilities(logits)
    return float((np.exp(expected) * (expected - found)).sum(axis=-1).mean())


def divergence_limit(peer):
    """A quantized engine may stray a tenth further than llama.cpp, or by what nobody would notice."""
    return max(1.1 * peer, 2e-5)


# Largest difference of any logit from the float32 reference, for float32 files.
FLOAT32_TOLERANCE = 1e-3
