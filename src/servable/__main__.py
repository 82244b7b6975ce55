"""`python -m servable`: the same command as `servable`."""

from servable.cli import main

if __name__ == "__main__":
    main()
