"""The environment, read once: every setting of the portal with its default and its limits."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from portal.errors import Misconfigured

STRIPE_API_VERSION = "2026-10-28.endive"
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_LIVE_KEYS = ("sk_live_", "rk_live_")


class Settings(BaseSettings):
    """What the environment and `.env` say; frozen, so that nothing changes under way."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    stripe_api_key: SecretStr = SecretStr("")
    stripe_webhook_secret: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    stripe_api_base: str = "https://api.stripe.com"
    stripe_meter_events_base: str = ""
    stripe_reads_per_second: float = Field(default=0, ge=0)
    usage_refresh_seconds: float = Field(default=15, gt=0)
    database_url: str = "sqlite:///var/portal.db"
    portal_url: str = ""
    portal_host: str = "127.0.0.1"
    portal_port: int = Field(default=3000, ge=1, le=65535)
    portal_demo: bool = False
    portal_worker: bool = True
    portal_catalog: Path = Path("catalog.toml")

    @field_validator("stripe_webhook_secret", mode="before")
    @classmethod
    def _split_secrets(cls, given: object) -> object:
        if isinstance(given, str):
            return tuple(SecretStr(part.strip()) for part in given.split(",") if part.strip())
        return given

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        if not self.portal_url:
            object.__setattr__(self, "portal_url", f"http://localhost:{self.portal_port}")
        if not self.stripe_meter_events_base:
            object.__setattr__(self, "stripe_meter_events_base", self.stripe_api_base)
        if not self.stripe_reads_per_second:
            object.__setattr__(self, "stripe_reads_per_second", 50.0 if self.is_live else 12.0)
        return self

    @property
    def is_live(self) -> bool:
        """Whether the key reaches real customers' money."""
        return self.stripe_api_key.get_secret_value().startswith(_LIVE_KEYS)

    @property
    def portal_origins(self) -> list[str]:
        """Whose pages may talk to us: our own; localhost goes by its address as well."""
        own = self.portal_url.rstrip("/")
        return sorted({own, own.replace("://localhost", "://127.0.0.1", 1)})

    def ready_to_serve(self) -> Self:
        """The same settings, or Misconfigured naming the first thing that must not be so."""
        if not self.stripe_api_key.get_secret_value():
            raise Misconfigured(
                "STRIPE_API_KEY is not set.",
                next_step="Put it into .env (see .env.example), or run `make demo`.",
            )
        self.refuse_live_demo()
        if self.portal_demo and urlsplit(self.stripe_api_base).hostname not in _THIS_MACHINE:
            raise Misconfigured(
                "PORTAL_DEMO lets everybody sign in, and Stripe is not a local one.",
                next_step="Take PORTAL_DEMO out; `make demo` sets it for itself.",
            )
        if not self.stripe_webhook_secret:
            raise Misconfigured(
                "STRIPE_WEBHOOK_SECRET is not set, so no webhook could be trusted.",
                next_step="`python -m portal webhook create URL` makes an endpoint and prints it.",
            )
        return self

    def refuse_live_demo(self) -> None:
        """Raise Misconfigured when the demo would hold a key that reaches real customers."""
        if self.portal_demo and self.is_live:
            raise Misconfigured(
                "The demo was given a live Stripe key.",
                next_step="Take STRIPE_API_KEY out of .env and the environment for the demo.",
            )


def read_settings() -> Settings:
    """The settings of this process; Misconfigured names the first that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise Misconfigured(
            f"The setting {name} cannot be used: {first['msg']}.",
            next_step="Mend it in .env or the environment; .env.example explains each.",
        ) from None
