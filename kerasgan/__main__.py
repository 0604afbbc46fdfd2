"""`python -m kerasgan`: the same as the command `kerasgan`."""

import sys

from kerasgan.command import main

if __name__ == "__main__":
    sys.exit(main())
