import pytest

from portal.errors import Misconfigured
from portal.settings import Settings

READY = {"stripe_api_key": "sk_test_1", "stripe_webhook_secret": "whsec_1"}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(str(tmp_path))


def test_several_webhook_secrets_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_old, whsec_new,")
    secrets = [one.get_secret_value() for one in Settings().stripe_webhook_secret]
    assert secrets == ["whsec_old", "whsec_new"]


def test_usage_events_go_where_everything_goes_unless_said_otherwise() -> None:
    assert Settings(stripe_api_base="http://x").stripe_meter_events_base == "http://x"


@pytest.mark.parametrize(("key", "reads"), [("sk_test_1", 12), ("rk_live_1", 50)])
def test_the_portal_takes_half_of_stripes_limit(key: str, reads: int) -> None:
    assert Settings(stripe_api_key=key).stripe_reads_per_second == reads


def test_the_portal_does_not_start_without_a_key() -> None:
    with pytest.raises(Misconfigured, match="STRIPE_API_KEY"):
        Settings(stripe_webhook_secret="whsec_1").ready_to_serve()


def test_the_portal_does_not_start_without_a_webhook_secret() -> None:
    with pytest.raises(Misconfigured, match="STRIPE_WEBHOOK_SECRET"):
        Settings(stripe_api_key="sk_test_1").ready_to_serve()


def test_the_demo_refuses_a_live_key() -> None:
    live = READY | {"stripe_api_key": "sk_live_1", "portal_demo": True}
    with pytest.raises(Misconfigured, match="live"):
        Settings(**live).ready_to_serve()


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    assert "sk_test_1" not in repr(Settings(**READY))


@pytest.mark.parametrize(
    ("url", "origins"),
    [
        ("https://usage.example.com/", ["https://usage.example.com"]),
        ("http://localhost:3000", ["http://127.0.0.1:3000", "http://localhost:3000"]),
    ],
)
def test_pages_of_our_own_address_alone_may_talk_to_us(url: str, origins: list[str]) -> None:
    assert Settings(portal_url=url).portal_origins == origins


def test_the_demos_sign_in_is_refused_beside_a_stripe_that_is_not_local() -> None:
    with pytest.raises(Misconfigured, match="everybody"):
        Settings(**READY, portal_demo=True).ready_to_serve()
    assert Settings(
        **READY, portal_demo=True, stripe_api_base="http://127.0.0.1:8420"
    ).ready_to_serve()


def test_without_an_address_the_portal_is_on_this_machine_at_its_port() -> None:
    assert Settings(portal_port=3100).portal_url == "http://localhost:3100"
