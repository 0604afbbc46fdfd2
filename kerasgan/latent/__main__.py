"""`python -m kerasgan.latent`."""

from kerasgan.latent.command import main

if __name__ == "__main__":
    main()
