"""`python -m keyterrain` is the command `keyterrain`."""

from keyterrain.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
