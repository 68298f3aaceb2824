"""Who buys from the demo's vendor, on which plan, and with what rhythm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from portal.sandbox.demo.rhythm import Rhythm

IDLE = Rhythm(requests=0)


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer of the demo; `key` is kept in its metadata, plans are catalog keys."""

    key: str
    name: str
    email: str
    plan: str
    add_ons: tuple[str, ...] = ()
    rhythm: Rhythm = IDLE


BUYERS = (
    Buyer(
        "acme",
        "Acme Robotics",
        "finance@acme-robotics.example",
        "scale",
        rhythm=Rhythm(
            requests=71_000,
            tokens=24_700,
            growth_before=52,
            growth=145,
            storage=6_340,
            storage_growth=46,
        ),
    ),
    Buyer(
        "freight",
        "Acme Freight",
        "billing@acme-freight.example",
        "build",
        rhythm=Rhythm(9_100, 18_000, growth=20, storage=1_150, storage_growth=9),
    ),
    Buyer(
        "harbour",
        "Harbour Labs",
        "ap@harbour-labs.example",
        "volume",
        ("burst_capacity",),
        rhythm=Rhythm(212_000, 9_000, 15, 25, storage=64_000, storage_growth=310),
    ),
    Buyer(
        "lumen",
        "Lumen Survey",
        "office@lumen-survey.example",
        "scale",
        rhythm=Rhythm(900, 22_000, storage=910, storage_growth=4),
    ),
    Buyer("tern", "Tern Weather", "hello@tern-weather.example", "build"),
)
_FIRST = ("Alder", "Birch", "Cobalt", "Delta", "Ember", "Falcon", "Granite", "Hazel", "Indigo",
          "Jasper", "Kestrel", "Linden", "Maple", "Nimbus", "Orchid", "Pebble", "Quartz", "Raven",
          "Saffron", "Topaz")  # fmt: skip
_SECOND = ("Analytics", "Bank", "Care", "Design", "Energy", "Foods", "Games", "Health", "Insurance",
           "Logistics", "Media", "Music", "News", "Optics", "Press", "Retail", "Studio", "Systems",
           "Travel", "Works")  # fmt: skip


def further_buyers(count: int, plans: Sequence[str], seed: int) -> Iterator[Buyer]:
    """As many more customers as wanted, of very different size; the names never end."""
    names = [" ".join(pair) for pair in product(_FIRST, _SECOND)]
    chance = Random(f"{seed}/buyers")
    chance.shuffle(names)
    for number in range(count):
        again = number // len(names)
        name = names[number % len(names)] + (f" {again + 1}" if again else "")
        rhythm = Rhythm(
            requests=int(chance.choice((50, 400, 3_000, 20_000, 90_000)) * chance.randint(60, 140))
            // 100,
            tokens=chance.randint(5_000, 40_000),
            storage=chance.randint(100, 20_000),
            storage_growth=chance.randint(0, 60),
        )
        email = f"billing@{name.lower().replace(' ', '-')}.example"
        yield Buyer(f"further-{number + 1}", name, email, chance.choice(plans), rhythm=rhythm)
