"""Make sure that the browser walks have a Chromium: Debian's own, installed when we are root."""

import os
import shutil
import subprocess
import sys

HELP = "The browser walks need Chromium: `apt-get install chromium` (as root), then run this again."


def find_chromium() -> str | None:
    """The path of the Chromium on this machine, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def main() -> None:
    """Install Chromium when it is missing and we may; otherwise say how to get it."""
    if find_chromium():
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(HELP)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ):
        subprocess.run(["apt-get", *step], check=True, env=environment, stdout=subprocess.DEVNULL)
    if find_chromium() is None:
        sys.exit(HELP)


if __name__ == "__main__":
    main()
