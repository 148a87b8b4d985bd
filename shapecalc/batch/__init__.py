"""Many sources judged: files of every kind, directories, lines of .jsonl; in this process, in others, or on other machines."""
