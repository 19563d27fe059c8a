"""Tiny things for tests: a word-piece tokenizer trained on the spot."""

from __future__ import annotations

from functools import lru_cache

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

TEXTS = (
    "orders over 1,500 from tacoma since 2023 or like 'glove' earlier one about 77 how many customers are there "
    "customer id city joined total filler column table oslo show the average count of per month by highest"
)


@lru_cache(maxsize=1)
def tiny_tokenizer() -> Tokenizer:
    """Return a BERT-like tokenizer: [PAD], unused entries as markers, [CLS] and [SEP] at 101 and 102."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", *(f"[unused{n}]" for n in range(99)), "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=400, special_tokens=special)
    tokenizer.train_from_iterator([TEXTS] * 50, trainer)
    return tokenizer
