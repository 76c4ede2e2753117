"""What people see: one module a page; everything a page is made of is pure and sits beside it.

`components` and `figures` turn data into trees and dicts, `context` reads, `shell` frames
every page. Pages hold a layout and callbacks of a few lines, nothing else.
"""
