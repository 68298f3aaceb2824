"""How Reflex builds and runs the portal, with the Node of this virtual environment."""

import os
import sysconfig

# Reflex looks for Node as soon as it is imported.
os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
os.environ.setdefault("REFLEX_USE_NPM", "1")

import reflex as rx

from portal.settings import read_settings

_SETTINGS = read_settings()
_URL = _SETTINGS.portal_url.rstrip("/")

config = rx.Config(
    app_name="portal",
    api_url=_URL,
    deploy_url=_URL,
    # Browsers of other sites may not open a websocket with our visitors' cookies.
    cors_allowed_origins=_SETTINGS.portal_origins,
    # A State is a cache that on_load rebuilds; on disk it would keep people's figures. Several
    # server processes need REFLEX_STATE_MANAGER_MODE=redis instead.
    state_manager_mode=rx.constants.StateManagerMode.MEMORY,
    redis_token_expiration=900,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[rx.plugins.SitemapPlugin(), rx.plugins.TailwindV4Plugin()],
)
