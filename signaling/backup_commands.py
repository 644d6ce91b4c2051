"""The command line's part for backups: `vouch backup`, and `vouch restore-key`, which puts its sealed secret back."""

import sys
from pathlib import Path

import click

from signaling.commands import note, with_database
from vouch.audit import Tag
from vouch.database import Database
from vouch.settings import Settings

# What seals and copies is imported when a command runs, for the reason that `main.py` gives.

_STDIN = click.option("--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input.")
_FILE = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="VOUCH_BACKUP_PASSPHRASE_FILE",
    help="Read it from the first line of a file; also VOUCH_BACKUP_PASSPHRASE_FILE.",
)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@_STDIN
@_FILE
def backup(directory: Path, passphrase_stdin: bool, passphrase_file: Path | None) -> None:  # noqa: FBT001 - click's way
    """Copy database and evidence to DIRECTORY, while Vouch runs; with a passphrase the secret key too, sealed by it.

    Without one the key is left out: then keep a copy of secret.key in another place, for without it a restored
    installation can read no webhook secret.
    """
    from signaling.backup import backup as make  # noqa: PLC0415 - see above

    passphrase = _passphrase(passphrase_file, from_stdin=passphrase_stdin)

    async def work(database: Database, settings: Settings) -> None:
        # Written before the copy, so that the copy has it.
        async with database.write() as session:
            note(session, Tag.BACKED_UP, directory=str(directory), key="sealed" if passphrase else "left out")
        await make(database, settings, directory, passphrase)

    with_database(work)
    key = "its key sealed by the passphrase" if passphrase else "WITHOUT secret.key: keep that in another place"
    click.echo(f"Backed up to {directory}, {key}.")


@click.command("restore-key")
@click.argument("sealed", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_STDIN
@_FILE
def restore_key(sealed: Path, passphrase_stdin: bool, passphrase_file: Path | None) -> None:  # noqa: FBT001
    """Put the secret of a backup's file secret.key.sealed into the data directory."""
    from signaling.key_backup import restore_key as restore  # noqa: PLC0415 - see above
    from vouch.problems import Problem  # noqa: PLC0415

    passphrase = _passphrase(passphrase_file, from_stdin=passphrase_stdin)
    if passphrase is None:
        raise click.UsageError("Give the passphrase: --passphrase-stdin or --passphrase-file.")
    try:
        restore(sealed, Settings().data_dir, passphrase)
    except Problem as problem:
        raise click.ClickException(problem.detail) from None
    click.echo("The secret is back.")


def _passphrase(file: Path | None, *, from_stdin: bool) -> str | None:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return None if file is None else file.read_text().partition("\n")[0]
