"""Which ground decides: ground, holding it, its worth, and the answer; `question` asks for all of them."""
