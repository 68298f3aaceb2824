"""The store's own clock: the machine's, moved forward by as much as somebody has asked for."""

from datetime import datetime, timedelta

from portal.clock import Clock, SystemClock, to_epoch


class MovableClock:
    """Runs as fast as the clock behind it, `ahead` seconds ahead of it."""

    def __init__(self, behind: Clock | None = None, ahead: int = 0) -> None:
        self._behind = behind or SystemClock()
        self.ahead = ahead

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return self._behind.now() + timedelta(seconds=self.ahead)

    def move_to(self, moment: int) -> None:
        """Let it show this moment now, in epoch seconds, and run on from there."""
        self.ahead = moment - to_epoch(self._behind.now())
