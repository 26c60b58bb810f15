"""What Famulus does for its user, one folder each; read one from its endpoints down to its tables."""
