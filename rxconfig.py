"""How Reflex builds and runs the portal, with the Node of this virtual environment."""

import os
import sysconfig

# Reflex looks for Node as soon as it is imported.
os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
os.environ.setdefault("REFLEX_USE_NPM", "1")

import reflex as rx

_URL = os.environ.get("PORTAL_URL", "http://localhost:3000").rstrip("/")

config = rx.Config(
    app_name="portal",
    api_url=_URL,
    deploy_url=_URL,
    cors_allowed_origins=[_URL],
    telemetry_enabled=False,
    show_built_with_reflex=False,
    redis_token_expiration=900,
    plugins=[rx.plugins.SitemapPlugin(), rx.plugins.TailwindV4Plugin()],
)
