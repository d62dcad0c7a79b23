"""The command line. Each module holds one or a few commands; `main` lists them and imports them when they are used."""
