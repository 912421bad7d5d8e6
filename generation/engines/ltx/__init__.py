"""LTX-Video through diffusers: text, denoise, decode, each a stage of its own."""
