"""Prompt → what the transformer is shown of it.

Done here and not inside the pipeline's call: that one logs the words it cuts off, and a log must not hold what people
write.
"""

import logging
from dataclasses import dataclass

import torch

from generation.engines.ltx.load import LoadedLtx
from generation.models import Family
from generation.request import ImageToVideoRequest

log = logging.getLogger(__name__)

#: What an empty prompt means: the picture comes to life a little, and nothing happens to it.
DEFAULT_MOTION = (
    "The scene comes alive with gentle, natural motion: small movements of people and things, air and light that shift "
    "softly, while the camera holds almost still. Realistic, steady, in one continuous shot."
)


@dataclass(frozen=True, slots=True)
class TextEmbeddings:
    """The encoded prompt and, where there is guidance, the encoded negative prompt."""

    prompt: torch.Tensor  # (1, tokens, width)
    prompt_mask: torch.Tensor  # (1, tokens) bool: which tokens are text and not padding
    negative: torch.Tensor | None = None
    negative_mask: torch.Tensor | None = None

    def as_arguments(self) -> dict[str, torch.Tensor | None]:
        """Return them under the names that the pipelines' call has for them."""
        return {
            "prompt_embeds": self.prompt,
            "prompt_attention_mask": self.prompt_mask,
            "negative_prompt_embeds": self.negative,
            "negative_prompt_attention_mask": self.negative_mask,
        }


@torch.no_grad()
def encode_text(loaded: LoadedLtx, request: ImageToVideoRequest) -> TextEmbeddings:
    """Return the embeddings of the request's texts; of a longer text only the first tokens count, which is logged."""
    prompt, mask = _encode(loaded, "prompt", request.prompt.strip() or DEFAULT_MOTION)
    if request.guidance <= 1.0:
        return TextEmbeddings(prompt, mask)
    return TextEmbeddings(prompt, mask, *_encode(loaded, "negative_prompt", request.negative_prompt))


def _encode(loaded: LoadedLtx, field: str, text: str) -> tuple[torch.Tensor, torch.Tensor]:
    max_tokens = loaded.model.max_prompt_tokens
    tokenizer = loaded.pipeline.tokenizer
    # Always padded to the model's full length: it learned from embeddings of that length, and they depend on it.
    tokens = tokenizer([text], padding="max_length", max_length=max_tokens, truncation=True, return_tensors="pt")
    whole_count = len(tokenizer(text).input_ids)
    if whole_count > max_tokens:
        log.warning("%s cut: the model reads %d of its %d tokens", field, max_tokens, whole_count)
    mask = tokens.attention_mask.bool().to(loaded.device)
    # diffusers shows the text encoder of the condition pipeline which tokens are padding, that of i2v not.
    hints = {"attention_mask": mask} if loaded.family is Family.LTX_CONDITION else {}
    encoder = loaded.pipeline.text_encoder
    embeddings = encoder(tokens.input_ids.to(loaded.device), **hints)[0]  # (1, tokens, width)
    return embeddings.to(encoder.dtype), mask
