"""A tiny random embedded model, as a folder that the app loads."""

from __future__ import annotations

from pathlib import Path

import torch

from t2s import encoding
from t2s.backends import checksums
from t2s.backends.compact_model import CompactConfig, CompactModel
from t2s.ir import KEYWORDS
from tests.tiny import tiny_tokenizer


def save_tiny_model(folder: Path, dropout: float = 0.1) -> Path:
    """Save weights and tokenizer; return the folder."""
    torch.manual_seed(3)
    config = CompactConfig(
        keywords=KEYWORDS,
        word_count=400,
        type_count=encoding.TYPE_COUNT,
        hidden_size=32,
        encoder_layers=2,
        decoder_layers=2,
        attention_heads=4,
        feed_forward_size=64,
        dropout=dropout,
        decoder_start_token_id=encoding.KEYWORD_IDS["<s>"],
        eos_token_id=encoding.KEYWORD_IDS["</s>"],
        pad_token_id=encoding.KEYWORD_IDS["<pad>"],
        bos_token_id=encoding.KEYWORD_IDS["<s>"],
    )
    CompactModel(config).save_pretrained(folder)
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    checksums.write(folder)
    return folder
