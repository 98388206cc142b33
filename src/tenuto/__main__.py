"""`python -m tenuto` is the command `tenuto`."""

from tenuto.cli.main import main

main()
