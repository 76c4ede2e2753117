"""How agents that are language models ask Seawall: tools of the Model Context Protocol.

A thin face over `risk.client`: every tool asks the authority over HTTP with the key of whoever
calls it, and can do what that key can, less whatever would loosen anything. Only `server`, `http`
and `stdio` need the package ``mcp``; the tools themselves know nothing of the protocol.
"""
