"""`python -m labelround`."""

from labelround.cli.main import main

main()
