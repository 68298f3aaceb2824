"""As many more customers for the demo as wanted."""

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random

from portal.sandbox.demo.buyer import Buyer
from portal.sandbox.demo.rhythm import Rhythm

_FIRST = ("Alder", "Birch", "Cobalt", "Delta", "Ember", "Falcon", "Granite", "Hazel", "Indigo",
          "Jasper", "Kestrel", "Linden", "Maple", "Nimbus", "Orchid", "Pebble", "Quartz", "Raven",
          "Saffron", "Topaz")  # fmt: skip
_SECOND = ("Analytics", "Bank", "Care", "Design", "Energy", "Foods", "Games", "Health", "Insurance",
           "Logistics", "Media", "Music", "News", "Optics", "Press", "Retail", "Studio", "Systems",
           "Travel", "Works")  # fmt: skip


def further_buyers(count: int, plans: Sequence[str], seed: int) -> Iterator[Buyer]:
    """So many more, of very different size; the names never end."""
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
        key, plan = f"further-{number + 1}", chance.choice(plans)
        yield Buyer(key, name, email, plan, rhythm=rhythm, months=0)
