"""Charts as PNG pictures, drawn with Matplotlib."""

import io

from matplotlib.figure import Figure

_PALETTE = ("#3b6ea5", "#d9822b", "#4a9c6d", "#a5527b", "#7a6fb0", "#8c8c8c")


def histogram(groups: dict[str, list[float]], title: str, colour: str) -> bytes:
    """A histogram with one colour for each group; a single group is drawn in `colour`."""
    # A Figure of its own, not pyplot, which keeps every figure alive in module state.
    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    colours = [colour] if len(groups) == 1 else [_PALETTE[i % len(_PALETTE)] for i in range(len(groups))]
    axes.hist(list(groups.values()), bins=24, stacked=True, label=list(groups), color=colours)
    axes.set_xlabel(title)
    axes.set_ylabel("rows")
    axes.spines[["top", "right"]].set_visible(False)
    if len(groups) > 1:
        axes.legend(frameon=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()
