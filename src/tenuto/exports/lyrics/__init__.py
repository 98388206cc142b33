"""Lyrics in the forms players and games read and write."""

from tenuto.exports.lyrics.registry import AUTO, FORMATS, detect, find_format, read, write

__all__ = ["AUTO", "FORMATS", "detect", "find_format", "read", "write"]
