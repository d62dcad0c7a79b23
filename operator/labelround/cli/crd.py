"""`labelround crd`: the CustomResourceDefinition, for kubectl or for people."""

from __future__ import annotations

import click


@click.command()
@click.option("--markdown", is_flag=True, help="Print the reference of the resource instead, as Markdown.")
def crd(markdown: bool) -> None:
    """Print the CustomResourceDefinition of LabelingRound.

    \b
    labelround crd | kubectl apply --server-side -f -
    """
    from labelround.spec.crd import crd_text

    text = crd_text()
    if markdown:
        import yaml

        from labelround.spec.reference import reference

        text = reference(yaml.safe_load(text))
    click.echo(text, nl=False)
