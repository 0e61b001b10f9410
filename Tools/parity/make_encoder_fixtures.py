"""Writes the committed fixtures of encoders: two tiny BERT models and what transformers makes of some texts.

    make_encoder_fixtures.py [--folder Tests/Engine/InferenceTests/Fixtures/Encoders]

encoder.gguf          two layers, mean pooling
cross-encoder.gguf    one layer, a pooler and one label
expected.json         token ids of texts, the mean and the first of their states; pairs and their scores
"""

import argparse
import json
import pathlib

import numpy as np
import torch
import transformers

import encoders

VOCABULARY = (
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    + list("abcdefghijklmnopqrstuvwxyz")
    + ["the", "ship", "##s", "berth", "##ing", "tide"]
)
POSITIONS = 40


def config(layers, width, **others):
    return transformers.BertConfig(
        vocab_size=len(VOCABULARY), hidden_size=width, num_hidden_layers=layers,
        num_attention_heads=2, intermediate_size=2 * width, max_position_embeddings=POSITIONS,
        initializer_range=0.3, **others)


def with_random_vectors(model, generator):
    """Biases and norms start as zeros and ones, which would hide a mistake."""
    for name, parameter in model.named_parameters():
        if parameter.dim() == 1:
            parameter.data = parameter.data + 0.2 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default="Tests/Engine/InferenceTests/Fixtures/Encoders")
    folder = pathlib.Path(parser.parse_args().folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(3)
    generator = torch.Generator().manual_seed(4)
    random = np.random.default_rng(5)

    def tokens(count):
        return random.integers(0, len(VOCABULARY), count).tolist()

    encoder = with_random_vectors(transformers.BertModel(config(2, 36)), generator)
    encoders.write(encoder, folder / "encoder.gguf", "mean", VOCABULARY)
    texts = []
    for count in [1, 2, 3, 7, 16, 17, 33, POSITIONS]:
        ids = tokens(count)
        states = encoders.states(encoder, ids)
        texts.append({
            "tokens": ids,
            "mean": [float(x) for x in states.mean(axis=0, dtype=np.float64)],
            "first": [float(x) for x in states[0]],
        })

    cross = with_random_vectors(
        transformers.BertForSequenceClassification(config(1, 32, num_labels=1)), generator)
    encoders.write(cross, folder / "cross-encoder.gguf", "rank", VOCABULARY)
    pairs = []
    for first, second in [(1, 1), (3, 5), (10, 20), (2, 37)]:
        ids = tokens(first + second)
        types = [0] * first + [1] * second
        with torch.no_grad():
            score = cross(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([types])).logits
        pairs.append({"tokens": ids, "secondStart": first, "score": float(score[0, 0])})
    (folder / "expected.json").write_text(json.dumps({"texts": texts, "pairs": pairs}) + "\n")


if __name__ == "__main__":
    main()
