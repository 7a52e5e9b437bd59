"""The options that every command takes."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from rag import __version__


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wenfeng {__version__}")
        raise typer.Exit


def _be_verbose(wanted: bool) -> None:
    if wanted:
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")


IndexOption = Annotated[Path, typer.Option("--index", metavar="DIR", help="Where the index is kept.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="A settings file.")]
VerboseOption = Annotated[
    bool, typer.Option("-v", "--verbose", callback=_be_verbose, help="Tell what is being done.")
]
VersionOption = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
]
