"""The engine without a model: it reads camera words in the prompt and moves a virtual camera over the still picture."""
