"""What was spent, and what may still be: reserved before the work, settled after it, each in the work's transaction."""
