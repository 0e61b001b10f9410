"""A small Llama in PyTorch: RMSNorm, rotary positions on adjacent pairs, grouped-query attention, SwiGLU, tied output.

Rotating adjacent pairs is what GGUF's architecture "llama" means, so the weights are exported as they are.
"""
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Config:
    vocabulary: int = 1280
    width: int = 256
    layers: int = 5
    heads: int = 4
    kv_heads: int = 2
    feed_forward: int = 512
    context: int = 1024
    rope_base: float = 10000.0
    epsilon: float = 1e-5

    @property
    def head_width(self):
        return self.width // self.heads

    def as_dict(self):
        return asdict(self)


class Norm(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(config.width))
        self.epsilon = config.epsilon

    def forward(self, x):
        return F.rms_norm(x.float(), self.weight.shape, self.weight, self.epsilon).to(x.dtype)


def rotary_table(config):
    frequencies = config.rope_base ** (-torch.arange(0, config.head_width, 2).float() / config.head_width)
    angles = torch.outer(torch.arange(config.context).float(), frequencies)
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    """x: batch, heads, positions, head width; pairs (0,1), (2,3), ... turn by their angle."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2).to(x.dtype)


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        width, kv = config.width, config.kv_heads * config.head_width
        self.attention_norm, self.feed_forward_norm = Norm(config), Norm(config)
        self.query = nn.Linear(width, width, bias=False)
        self.key, self.value = nn.Linear(width, kv, bias=False), nn.Linear(width, kv, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, config.feed_forward, bias=False)
        self.up = nn.Linear(width, config.feed_forward, bias=False)
        self.down = nn.Linear(config.feed_forward, width, bias=False)

    def attend(self, x, cos, sin):
        batch, positions, width = x.shape
        c = self.config

        def heads(y, count):
            return y.view(batch, positions, count, c.head_width).transpose(1, 2)

        query = rotate(heads(self.query(x), c.heads), cos, sin)
        key = rotate(heads(self.key(x), c.kv_heads), cos, sin)
        value = heads(self.value(x), c.kv_heads)
        key, value = (y.repeat_interleave(c.heads // c.kv_heads, 1) for y in (key, value))
        y = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.output(y.transpose(1, 2).reshape(batch, positions, width))

    def forward(self, x, cos, sin):
        x = x + self.attend(self.attention_norm(x), cos, sin)
        y = self.feed_forward_norm(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class HarbourModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = Norm(config)
        cos, sin = rotary_table(config)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                small = name.endswith(("output.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.02 if name == "embedding.weight" else
                                parameter.shape[1] ** -0.5 * (0.3 if small else 1))

    def forward(self, tokens):
        """Token ids (batch, positions) to logits (batch, positions, vocabulary)."""
        x = self.embedding(tokens)
        cos, sin = self.cos[:tokens.shape[1]], self.sin[:tokens.shape[1]]
        for layer in self.layers:
            x = layer(x, cos, sin)
        return F.linear(self.norm(x), self.embedding.weight)

    def parameter_count(self):
        return sum(p.numel() for p in self.parameters())
