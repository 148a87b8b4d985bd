"""The mathematics: derivatives in index form, read back as matrix formulas."""
