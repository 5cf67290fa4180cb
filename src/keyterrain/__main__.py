"""`python -m keyterrain` is the command `keyterrain`."""

from keyterrain.cli.main import program

if __name__ == "__main__":
    program()
