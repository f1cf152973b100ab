"""Started by the units: `python -m podshift.cli COMMAND`."""

from podshift.cli import main

if __name__ == "__main__":
    main()
