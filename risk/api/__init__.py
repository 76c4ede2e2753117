"""The agents' HTTP face of the authority: one module a resource.

What is decided is decided behind it, by the gate; here are who may ask, what can be read at all,
and how answers and refusals look on the wire.
"""
