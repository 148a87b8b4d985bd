"""Readers of what people have: Python code, Markdown, notebooks, LaTeX; each becomes sheets of the language."""
