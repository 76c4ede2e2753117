"""The command line's door: ``seawall``, or ``python -m risk``; its rooms are `risk.commands`."""

from risk.commands.group import seawall as main

if __name__ == "__main__":
    main()
