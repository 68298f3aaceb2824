"""The sandbox answers recorded requests as Stripe did.

Every file of the folder is a case; the recordings are examples of how Stripe behaves everywhere.
"""

import pytest

from tests.fixtures.sandbox import SandboxProcess
from tests.sandbox.objects import raw
from tests.sandbox.recordings.comparing import Comparison
from tests.sandbox.recordings.recorded import FOLDER, Recording, recordings
from tests.sandbox.recordings.replaying import Replay

RECORDINGS = recordings()
# Absent where Stripe refuses a request before it does any work.
_HEADERS = ("Idempotency-Key", "Original-Request", "Request-Id", "Stripe-Should-Retry")


@pytest.mark.skipif(
    not RECORDINGS, reason=f"{FOLDER} names no folder with recorded answers of Stripe"
)
@pytest.mark.parametrize(
    "recording", RECORDINGS or [None], ids=lambda one: one.name if one else "none"
)
def test_the_sandbox_answers_as_stripe_did(sandbox: SandboxProcess, recording: Recording):
    differences = []
    with raw(sandbox) as http:
        replay = Replay(http, recording)
        comparison = Comparison(replay.ids)
        replay.prepare()
        for number, (step, answer) in enumerate(replay.steps()):
            request = f"{number} {step.method} {step.path}"
            if answer.status_code != step.status:
                differences.append(f"{request}: {answer.status_code} {answer.text[:500]}")
                break
            differences += [
                f"{request} {one}" for one in comparison.differences(step.body, answer.json())
            ]
            differences += [
                f"{request}: header {name} {'missing' if name in step.headers else 'too much'}"
                for name in _HEADERS
                if (name in step.headers) != (name in answer.headers)
            ]

    assert not differences, "\n".join(differences)
