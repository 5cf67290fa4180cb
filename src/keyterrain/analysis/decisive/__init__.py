"""Which ground decides: parts of the answer (ground, holding, worth); nothing asks for them so far."""
