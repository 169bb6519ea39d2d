"""The caption tokeniser of the COCO scores, without Java."""

from zimu.metrics.ptb.tokenise import REMOVED, Tokenised, ptb_tokenize, ptb_tokens, tokenise_captions

__all__ = ["REMOVED", "Tokenised", "ptb_tokenize", "ptb_tokens", "tokenise_captions"]
