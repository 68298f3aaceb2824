"""A form that the browser itself posts: for the routes that set or clear the session's cookie."""

from typing import Any

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML


class _PostingForm(BaseHTML):
    # `rx.el.form` always prevents the browser's own submission; this one has no handler at all.
    tag = "form"

    action: rx.Var[str]
    method: rx.Var[str]


def native_form(*children: Any, action: str, class_name: str = "") -> rx.Component:
    """A form whose fields and pressed button are posted to `action` with a full page load."""
    return _PostingForm.create(*children, action=action, method="post", class_name=class_name)
