"""Bodies of a small book, as a program stores them, for programs to come to read.

``python -m tests.storage.bodies > tests/storage/bodies_N.json`` writes those of the program at
hand, N being `codec.FORMAT`. To be run once when that number grows, and never again: the files
are what older programs left behind.
"""

import json
import sys
from base64 import b64decode, b64encode
from datetime import timedelta
from pathlib import Path

from risk.domain.ledger import Fill, Flow
from risk.domain.orders import Side
from risk.domain.positions import PositionKey
from risk.domain.state import RiskState
from risk.manager import step
from risk.storage import codec
from tests.books import BTC, ETH, NOW, book_of, snapshot_of


def bodies() -> dict[str, bytes]:
    """What a cycle of a book of two positions leaves in the database."""
    ledger = book_of(
        {PositionKey("trend", BTC, "sim-a"): 40_000.0, PositionKey("dip", ETH, "sim-b"): -9_000.0}
    )
    snapshot = snapshot_of(ledger)
    first = step(RiskState(portfolio="demo"), snapshot)
    later = snapshot_of(ledger, id="demo-2", at=NOW + timedelta(seconds=1))
    done = step(first.state, later)
    return {
        "state": codec.encode_value(done.state),
        "assessment": codec.encode_value(done.assessment),
        "snapshot": codec.encode_snapshot(later),
        "day": codec.encode_model(later.models.day),
        "hour": codec.encode_model(later.models.hour),
        "fill": codec.encode_entry(_fill()),
        "flow": codec.encode_entry(Flow(id="flow-1", amount=1_000.0, at=NOW)),
    }


def _fill() -> Fill:
    return Fill(
        id="fill-1",
        strategy="trend",
        asset=BTC,
        venue="sim-a",
        side=Side.BUY,
        quantity=0.5,
        price=50_000.0,
        at=NOW,
    )


def kept_bodies(version: int) -> dict[str, bytes]:
    """Those that the program of format `version` wrote."""
    text = (Path(__file__).parent / f"bodies_{version}.json").read_text()
    return {name: b64decode(body) for name, body in json.loads(text).items()}


if __name__ == "__main__":
    told = {name: b64encode(body).decode() for name, body in bodies().items()}
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
