"""All that is one person's, as one file to take away, and back in again: `docs/guide/archives.md`."""
