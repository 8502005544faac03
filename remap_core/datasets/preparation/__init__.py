"""From somebody's files to prepared images: find, select, propose, convert, check."""
