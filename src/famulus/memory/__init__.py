"""What the assistant remembers of a person. Everybody else sees `client` alone."""
