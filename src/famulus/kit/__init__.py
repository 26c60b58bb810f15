"""Pure helpers with no input and no output: errors, clock, ids, lazy resources, pages, text."""
