"""`zimu bundle`: what a bundle is, and whether it is whole."""

from __future__ import annotations

import click

__all__ = ["bundle"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def bundle() -> None:
    """Show or verify a bundle, by path or by the name of a shipped one."""


@bundle.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print bundle.json.")
def show(name: str | None, as_json: bool) -> int:
    """Show a bundle's card, or without NAME the bundles that ship."""
    from zimu.bundles.manifest import find_bundle, shipped_bundles

    if name is None:
        for shipped, path in shipped_bundles().items():
            manifest = find_bundle(path).manifest
            size = sum(e.bytes for e in manifest.graphs.values()) / 1e6
            click.echo(f"{shipped:12} {manifest.kind:7} {','.join(manifest.languages):7} {size:6.1f} MB")
        return 0
    found = find_bundle(name)
    click.echo(found.manifest.model_dump_json(indent=2) if as_json else found.card())
    return 0


@bundle.command()
@click.argument("name")
def verify(name: str) -> int:
    """Read every file of a bundle, check its hash and load its graphs."""
    from zimu.bundles.manifest import find_bundle
    from zimu.bundles.session import Graph

    found = find_bundle(name)
    found.verify()
    for graph in found.manifest.graphs:
        Graph(found, graph, threads=1)
    click.echo(
        f"{found.path}: all of {len(found.manifest.graphs) + len(found.manifest.files)} files are whole."
    )
    return 0
