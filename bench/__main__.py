"""`python -m bench`: measure, print a table, keep it."""

import argparse
import time
from collections.abc import Callable, Collection
from pathlib import Path

from bench import report
from bench.lab import TARGETS, Lab
from bench.measurements import MEASUREMENTS
from bench.rows import Row

RESULTS = Path(__file__).parent / "results"


def names_of(known: Collection[str]) -> Callable[[str], list[str]]:
    """An argument that is some of the known names, with commas between."""

    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))} is none of {', '.join(known)}")
        return names

    return parse


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="What a token and a turn cost.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs, for a first look")
    for option, known in (("only", list(MEASUREMENTS)), ("targets", list(TARGETS))):
        parser.add_argument(
            f"--{option}",
            type=names_of(known),
            # To have so much to search takes longer than all the rest.
            default=[name for name in known if name != "search"],
            metavar="A,B",
            help=f"of {', '.join(known)}",
        )
    parser.add_argument("--save-plot", type=Path, metavar="PATH", help="also draw the plot here, as SVG or PNG")
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    began_at = time.monotonic()
    rows: list[Row] = []
    with Lab(chosen.targets, quick=chosen.quick) as lab:
        print(report.heading())
        for name in chosen.only:
            for row in MEASUREMENTS[name](lab):
                rows.append(row)
                print(report.line(row), flush=True)
    report.save(rows, RESULTS / "latest.json", quick=chosen.quick)
    for path in filter(None, (RESULTS / "latest.png", chosen.save_plot)):
        report.plot(rows, path)
    print(f"{time.monotonic() - began_at:.0f} s; kept in {RESULTS}")


if __name__ == "__main__":
    main()
