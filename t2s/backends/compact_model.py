"""The embedded model: a BERT encoder and a small decoder with a pointer head.

Each output symbol is one of ``keyword_count`` keywords or a position of the input, scored by one softmax over both
(Vinyals et al. 2015, https://arxiv.org/abs/1506.03134; See et al. 2017, https://arxiv.org/abs/1704.04368). A pointed-at
position enters the decoder as its projected encoder state. The decoder's layers have BERT's shape with cross attention,
so that they start from the encoder's upper layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel, PretrainedConfig, PreTrainedModel
from transformers.cache_utils import DynamicCache, DynamicLayer, EncoderDecoderCache
from transformers.generation.utils import GenerationMixin
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput
from transformers.models.bert.modeling_bert import BertLayer


class CompactConfig(PretrainedConfig):
    """Shape of the embedded model; the defaults are those of all-MiniLM-L6-v2 with three decoder layers."""

    model_type = "t2s-compact"
    is_encoder_decoder = True

    def __init__(
        self,
        keywords: Sequence[str] = (),
        word_count: int = 30522,
        type_count: int = 40,
        hidden_size: int = 384,
        encoder_layers: int = 6,
        decoder_layers: int = 3,
        attention_heads: int = 12,
        feed_forward_size: int = 1536,
        max_positions: int = 512,
        max_output: int = 160,
        dropout: float = 0.1,
        decline_threshold: float = 0.8,  # best F1 of declining on typed dev
        decline_margin: float = 0.0,
        confidence_scale: float = 1.0,
        confidence_shift: float = 0.0,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Keep the sizes.

        ``keywords`` are the keyword ids in order, ``dropout`` is on hidden states only, ``decline_threshold`` is the
        least probability at which "cannot answer" goes before statements, ``decline_margin`` what its score must be
        above theirs when candidates are reranked, and ``confidence_scale`` and
        ``confidence_shift`` turn the log odds of an answer among the candidates into those of its being right.
        """
        self.keywords = list(keywords)
        self.word_count = word_count
        self.type_count = type_count
        self.hidden_size = hidden_size
        self.encoder_layers = encoder_layers
        self.decoder_layers = decoder_layers
        self.num_hidden_layers = decoder_layers
        self.attention_heads = attention_heads
        self.num_attention_heads = attention_heads
        self.feed_forward_size = feed_forward_size
        self.max_positions = max_positions
        self.max_output = max_output
        self.dropout = dropout
        self.decline_threshold = decline_threshold
        self.decline_margin = decline_margin
        self.confidence_scale = confidence_scale
        self.confidence_shift = confidence_shift
        kwargs["is_encoder_decoder"] = True
        kwargs["vocab_size"] = len(self.keywords) + max_positions
        super().__init__(**kwargs)

    @property
    def keyword_count(self) -> int:
        """Number of keyword ids; pointers come after them."""
        return len(self.keywords)

    def encoder_config(self) -> BertConfig:
        """Return the encoder's configuration; attention dropout is 0, which keeps the fast CPU path."""
        return BertConfig(
            vocab_size=self.word_count,
            hidden_size=self.hidden_size,
            num_hidden_layers=self.encoder_layers,
            num_attention_heads=self.attention_heads,
            intermediate_size=self.feed_forward_size,
            hidden_dropout_prob=self.dropout,
            attention_probs_dropout_prob=0.0,
            max_position_embeddings=self.max_positions,
            type_vocab_size=self.type_count,
        )


class Attention(nn.Module):
    """Multi-head attention of a query sequence over a key sequence."""

    def __init__(self, config: CompactConfig, layer: int, *, cross: bool) -> None:
        """Build projections; ``layer`` numbers the cache entry."""
        super().__init__()
        size = config.hidden_size
        self.heads, self.layer, self.cross = config.attention_heads, layer, cross
        self.query, self.key, self.value = (nn.Linear(size, size) for _ in range(3))
        self.output = nn.Linear(size, size)
        self.norm = nn.LayerNorm(size, eps=1e-12)
        self.dropout = nn.Dropout(config.dropout)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(
        self, x: Tensor, source: Tensor, mask: Tensor | None, cache: EncoderDecoderCache | None
    ) -> Tensor:
        """Attend from ``x`` (batch, outputs, hidden) to ``source`` (batch, tokens, hidden)."""
        query = self._split(self.query(x))
        if cache is not None and self.cross and cache.is_updated.get(self.layer, False):
            entry = cast("DynamicLayer", cache.cross_attention_cache.layers[self.layer])
            key, value = cast("Tensor", entry.keys), cast("Tensor", entry.values)
        else:
            key, value = self._split(self.key(source)), self._split(self.value(source))
            if cache is not None:
                half = cache.cross_attention_cache if self.cross else cache.self_attention_cache
                key, value = half.update(key, value, self.layer)
                if self.cross:
                    cache.is_updated[self.layer] = True
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed = self.output(mixed.transpose(1, 2).reshape(x.shape))
        return cast("Tensor", self.norm(x + self.dropout(mixed)))


class DecoderLayer(nn.Module):
    """Self attention, cross attention and feed-forward, normalised after each as in BERT."""

    def __init__(self, config: CompactConfig, layer: int) -> None:
        """Build one layer; ``layer`` numbers its cache entries."""
        super().__init__()
        self.self_attention = Attention(config, layer, cross=False)
        self.cross_attention = Attention(config, layer, cross=True)
        self.up = nn.Linear(config.hidden_size, config.feed_forward_size)
        self.down = nn.Linear(config.feed_forward_size, config.hidden_size)
        self.norm = nn.LayerNorm(config.hidden_size, eps=1e-12)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        encoded: Tensor,
        causal: Tensor | None,
        padding: Tensor,
        cache: EncoderDecoderCache | None,
    ) -> Tensor:
        """Map (batch, outputs, hidden) to the same shape."""
        x = self.self_attention(x, x, causal, cache)
        x = self.cross_attention(x, encoded, padding, cache)
        wide = self.down(functional.gelu(self.up(x)))
        return cast("Tensor", self.norm(x + self.dropout(wide)))


class CompactModel(PreTrainedModel, GenerationMixin):
    """Encoder, decoder and pointer head; a ``transformers`` sequence-to-sequence model."""

    config_class = CompactConfig
    base_model_prefix = "model"
    main_input_name = "input_ids"
    _supports_sdpa = True
    _supports_cache_class = True

    def __init__(self, config: CompactConfig) -> None:
        """Build the model with random weights."""
        super().__init__(config)
        size = config.hidden_size
        self.encoder = BertModel(config.encoder_config(), add_pooling_layer=False)
        self.keywords = nn.Embedding(config.keyword_count, size)
        self.pointed = nn.Linear(size, size)
        self.positions = nn.Embedding(config.max_output, size)
        self.norm = nn.LayerNorm(size, eps=1e-12)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(DecoderLayer(config, i) for i in range(config.decoder_layers))
        self.keyword_head = nn.Linear(size, config.keyword_count)
        self.pointer_query = nn.Linear(size, size)
        self.pointer_key = nn.Linear(size, size)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        """Start as BERT does."""
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)

    def get_encoder(self, modality: str | None = None) -> BertModel:
        """Return the encoder, which ``generate`` runs once."""
        return self.encoder

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        labels: Tensor | None = None,
        encoder_outputs: BaseModelOutput | tuple[Tensor, ...] | None = None,
        past_key_values: EncoderDecoderCache | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> Seq2SeqLMOutput:
        """Score output ids.

        Args:
            input_ids: (batch, tokens).
            attention_mask: (batch, tokens), 1 for real tokens.
            token_type_ids: (batch, tokens).
            decoder_input_ids: (batch, outputs); made from ``labels`` when absent.
            labels: (batch, outputs), -100 where not scored.
            encoder_outputs: First element (batch, tokens, hidden); skips the encoder.
            past_key_values: Keys and values of earlier steps.
            use_cache: Return the cache.
            **kwargs: What ``generate`` passes and this model does not need.

        Returns:
            ``logits`` (batch, outputs, keyword_count + max_positions), float32, -inf past the input.
        """
        if encoder_outputs is None:
            encoder_outputs = self.encoder(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            )
        encoded = encoder_outputs[0]
        if attention_mask is None:
            attention_mask = encoded.new_ones(encoded.shape[:2], dtype=torch.long)
        if decoder_input_ids is None:
            if labels is None:
                raise ValueError("decoder_input_ids or labels are needed")
            decoder_input_ids = self.shift_right(labels)
        if use_cache and past_key_values is None:
            past_key_values = EncoderDecoderCache(DynamicCache(), DynamicCache())
        hidden = self._decode(decoder_input_ids, encoded, attention_mask, past_key_values)
        logits = self._score(hidden, encoded, attention_mask)
        loss = None
        if labels is not None:
            width = self.config.keyword_count + encoded.shape[1]
            loss = functional.cross_entropy(
                logits[..., :width].flatten(0, 1), labels.flatten(), ignore_index=-100
            )
        return Seq2SeqLMOutput(
            loss=loss,
            logits=logits,
            past_key_values=past_key_values,
            encoder_last_hidden_state=encoded,
        )

    def shift_right(self, labels: Tensor) -> Tensor:
        """Return decoder inputs: the start id, then the labels without the last (batch, outputs)."""
        start = labels.new_full((labels.shape[0], 1), self.config.decoder_start_token_id)
        shifted = torch.cat([start, labels[:, :-1]], dim=1)
        return shifted.masked_fill(shifted == -100, self.config.pad_token_id)

    def _decode(
        self, ids: Tensor, encoded: Tensor, mask: Tensor, cache: EncoderDecoderCache | None
    ) -> Tensor:
        """Return decoder states (batch, outputs, hidden)."""
        past = cache.get_seq_length() if cache is not None else 0
        steps = ids.shape[1]
        if ids.shape[1] > 1 and past:
            raise ValueError("one step at a time when a cache is used")
        count = self.config.keyword_count
        words = self.keywords(ids.clamp(max=count - 1))
        where = (ids - count).clamp(min=0)
        states = encoded.gather(1, where.unsqueeze(-1).expand(-1, -1, encoded.shape[-1]))
        x = torch.where((ids < count).unsqueeze(-1), words, self.pointed(states).to(words.dtype))
        x = self.norm(x + self.positions(torch.arange(past, past + steps, device=ids.device)))
        x = self.dropout(x)
        padding = mask[:, None, None, :].bool()
        causal = None
        if steps > 1:
            causal = torch.ones(steps, steps, dtype=torch.bool, device=ids.device).tril()
        for layer in self.layers:
            x = layer(x, encoded, causal, padding, cache)
        return cast("Tensor", x)

    def _score(self, hidden: Tensor, encoded: Tensor, mask: Tensor) -> Tensor:
        """Return one row of scores over keywords and input positions for each step."""
        keywords = self.keyword_head(hidden).float()
        query, key = self.pointer_query(hidden), self.pointer_key(encoded)
        pointers = torch.matmul(query, key.transpose(1, 2)).float() / self.config.hidden_size**0.5
        pointers = pointers.masked_fill(~mask[:, None, :].bool(), float("-inf"))
        missing = self.config.max_positions - encoded.shape[1]
        pointers = functional.pad(pointers, (0, missing), value=float("-inf"))
        return torch.cat([keywords, pointers], dim=-1)

    @torch.no_grad()
    def start_from(self, encoder: BertModel) -> None:
        """Copy a pretrained encoder, and its upper layers into the decoder.

        Token types of ``encoder`` beyond its first become copies of the first with a little noise.
        """
        own = self.encoder.state_dict()
        for name, weight in encoder.state_dict().items():
            if name.endswith("token_type_embeddings.weight"):
                own[name].copy_(weight[0] + 0.02 * torch.randn_like(own[name]))
            elif name in own and own[name].shape == weight.shape:
                own[name].copy_(weight)
        offset = self.config.encoder_layers - self.config.decoder_layers
        table = encoder.embeddings.position_embeddings.weight
        self.positions.weight.copy_(table[: self.config.max_output])
        nn.init.eye_(self.pointed.weight)
        for index, layer in enumerate(cast("Iterable[DecoderLayer]", self.layers)):
            source = cast("BertLayer", encoder.encoder.layer[offset + index])
            for attention in (layer.self_attention, layer.cross_attention):
                attention.query.load_state_dict(source.attention.self.query.state_dict())
                attention.key.load_state_dict(source.attention.self.key.state_dict())
                attention.value.load_state_dict(source.attention.self.value.state_dict())
                attention.output.load_state_dict(source.attention.output.dense.state_dict())
                attention.norm.load_state_dict(source.attention.output.LayerNorm.state_dict())
            layer.up.load_state_dict(source.intermediate.dense.state_dict())
            layer.down.load_state_dict(source.output.dense.state_dict())
            layer.norm.load_state_dict(source.output.LayerNorm.state_dict())
