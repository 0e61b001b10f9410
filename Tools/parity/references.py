"""Logits of a GGUF file by two engines that are not Berth, and the measures they are compared with."""

import pathlib

import numpy as np


def random_tokens(count, vocabulary_size, seed=7):
    return np.random.default_rng(seed).integers(0, vocabulary_size, size=count).tolist()


def transformers_logits(path, tokens):
    """The reference: every weight dequantized to float32, attention in plain PyTorch."""
    import gguf
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    path = pathlib.Path(path).resolve()
    config = transformers.AutoConfig.from_pretrained(path.parent, gguf_file=path.name)
    for key, field in gguf.GGUFReader(path).fields.items():
        # transformers derives the head width from the model's width, which not every model does.
        if key.endswith(".attention.key_length"):
            config.head_dim = int(field.contents())
    model = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, config=config, dtype=torch.float32,
        attn_implementation="eager").eval()
    with torch.no_grad():
        return model(torch.tensor([tokens])).logits[0].numpy()


def llama_cpp_logits(path, tokens):
    """The peer: its quantized kernels and half-precision cache as shipped."""
    import llama_cpp

    model = llama_cpp.Llama(
        str(path), n_ctx=len(tokens) + 64, n_threads=2, logits_all=True, verbose=False)
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
