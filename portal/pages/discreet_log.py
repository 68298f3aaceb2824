"""Keeps what a browser sent out of Reflex's own log lines: with it goes the person's cookie."""

import logging

_WRITES_EVENTS = ("reflex_base.event.processor.event_processor", "reflex.app")
_EVENT_BEGINS = ("Event(", "Event data:")
_LONGEST = 200


class WithoutEvents(logging.Filter):
    """Cuts a line where an event's contents begin; of an error with it, its first words stay."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: a line is shortened, never dropped."""
        line = record.getMessage()
        begins = [line.index(word) for word in _EVENT_BEGINS if word in line]
        if begins:
            error = record.exc_info[1] if record.exc_info else None
            said = f"{type(error).__name__}: {error}"[:_LONGEST] if error else ""
            record.msg, record.args = f"{line[: min(begins)]}an event. {said}".strip(), ()
            # A chained traceback repeats what was sent, at any length.
            record.exc_info = None
        return True


def keep_events_out_of_the_log() -> None:
    """Shorten the lines of the loggers that write whole events."""
    for name in _WRITES_EVENTS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, WithoutEvents) for one in logger.filters):
            logger.addFilter(WithoutEvents())
