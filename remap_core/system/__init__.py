"""What the machine gives: files, memory, checksums, file systems."""
