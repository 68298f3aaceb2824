"""An amount spread over several places so that the parts add up to it and none is overdrawn."""

from collections.abc import Sequence


def in_proportion(amount: int, weights: Sequence[int]) -> list[int]:
    """Parts in proportion to the weights, at most the weights themselves.

    Each part is rounded down first; the units left over go where most was cut off, to the later
    place when two are alike.
    """
    total = sum(weights)
    amount = min(amount, total)
    if not amount:
        return [0] * len(weights)
    divided = [divmod(amount * weight, total) for weight in weights]
    parts = [part for part, _ in divided]
    by_remainder = sorted(range(len(weights)), key=lambda place: (divided[place][1], place))
    for place in by_remainder[len(weights) - (amount - sum(parts)) :]:
        parts[place] += 1
    return parts


def evenly(amount: int, limits: Sequence[int]) -> list[int]:
    """Parts that are alike, but none above its limit; what one cannot take goes to the others.

    The units left over go where there is most room, of equal places to the later ones.
    """
    parts = [0] * len(limits)
    left = min(amount, sum(limits))
    # The smallest limits first: what they cannot take is known before the others are filled.
    for filled, place in enumerate(sorted(range(len(limits)), key=lambda one: (limits[one], one))):
        parts[place] = min(limits[place], left // (len(limits) - filled))
        left -= parts[place]
    return parts
