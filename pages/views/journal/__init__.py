"""The Journal page, part by part."""
