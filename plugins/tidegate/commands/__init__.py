"""What the commands of `tidegate` do, one file per command. Each imports what it needs when it is called."""
