"""Where pages meet formats: what `d.to("latex")`, `d.save("notes.html")` and the command line share."""
