"""Conversations: messages, and the runs in which an assistant answers them."""
