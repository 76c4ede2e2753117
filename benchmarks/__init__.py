"""Speeds and evidence, measured on the reader's own machine; nothing here is asserted."""
