"""The command line, `python -m portal`: one file per group of commands, all registered here."""

import logging
import sys
from importlib import import_module

import typer

from portal.errors import PortalError

_GROUPS = ("demo", "serve", "sandbox", "mirror", "webhook", "inbox", "rate", "doctor")


def main() -> None:
    """Run one command; an error that a person can mend is said in words, without a traceback."""
    app = typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
    )
    # Without it a command that is alone would not take its name.
    app.callback()(lambda: None)
    for group in _GROUPS:
        import_module(f"portal.cli.{group}").register(app)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    # A line for every request would bury everything else.
    for chatty in ("alembic", "httpx", "stripe"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        app()
    except PortalError as error:
        sys.exit(f"portal: {error}")
    except Exception as error:
        from portal.database import unusable

        said = unusable(error)
        if said is None:
            raise
        sys.exit(f"portal: {said}")
