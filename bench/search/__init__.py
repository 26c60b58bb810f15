"""What a search costs where much is to be found: one person's hundred thousand messages, beside two hundred others."""
