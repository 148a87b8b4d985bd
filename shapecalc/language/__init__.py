"""Text to expressions: the scanner, the parser, the statements, and what builds shaped expressions from them."""
