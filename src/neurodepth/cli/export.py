"""`neurodepth export`: trials and networks for other programs."""

from pathlib import Path

import click

from neurodepth.cli import options

TRIALS = ("nwb", "sonata")
NETWORKS = ("keras", "tensorflow", "litert", "onnx", "onnx_stream")


@click.command()
@click.argument("files", nargs=-1, required=True, type=options.FILE)
@click.option(
    *("--format", "formats"),
    type=click.Choice([*TRIALS, *NETWORKS]),
    multiple=True,
    help="Of trials one is needed; of a network several may be given, all if left out.",
)
@options.output(help="File (NWB) or folder to make.")
@click.option("--cell", type=options.CELL, help="Name or folder of the cell: where each synapse sits.")
@click.option("--licence", help="Of a network, for its model card.")
@options.data
@options.overwrite
def export(
    files: tuple[Path, ...],
    formats: tuple[str, ...],
    output: Path,
    cell: Path | None,
    licence: str | None,
    data_path: Path,
    overwrite: bool,
) -> None:
    """Write trials or a network for other programs.

    FILES are shards of one cell, variant, split and seed, for NWB or SONATA; with --cell the cell is built, so that each
    synapse comes with its tree and segment. Or FILES are a network, NAME.keras, and shards of its study: it becomes a
    folder with all that is needed to use it and a model card, which names the training trials among the shards and
    scores the network on the test trials. docs/export.md says what is where.

    \b
    Examples:
      neurodepth export l5pc.h5 --format nwb --output l5pc.nwb
      neurodepth export l5pc.h5 --format sonata --output l5pc_sonata --cell l5pc
      neurodepth export seed_1.keras trials/train/*.h5 trials/test/*.h5 --output l5pc_network
      neurodepth export seed_1.keras trials/test/*.h5 --format onnx --output l5pc_onnx
    """
    model, *shards = files
    is_network = model.suffix == ".keras"
    known = NETWORKS if is_network else TRIALS
    if any(one not in known for one in formats) or (not is_network and len(formats) != 1):
        raise click.BadParameter(
            f"expected {'any' if is_network else 'one'} of {', '.join(known)} for {model.name}, found "
            f"{', '.join(formats) or 'none'}",
            param_hint="--format",
        )
    if is_network:
        from neurodepth.export import network

        about = network.export_network(model, shards, output, formats or NETWORKS, cell, data_path, licence, overwrite)
        click.echo(f"{output}: {about['cell']['cell']}, {about['cell']['variant']}, as {', '.join(about['formats'])}")
        return
    from neurodepth import export as exporting

    written = exporting.export_shards(files, formats[0], output, cell, data_path, overwrite)
    click.echo(f"{output}: {written.title}")
