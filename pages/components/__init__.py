"""Parts of a screen: plain values in, a component tree out. Nothing here reads anything."""
