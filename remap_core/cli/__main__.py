"""`python -m remap_core.cli`: the same as `remap`."""

from remap_core.cli import main

if __name__ == "__main__":
    main()
