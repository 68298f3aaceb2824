"""The built front end: made when its sources changed, then pointed at an address."""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from urllib.parse import urlsplit

from portal.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / ".web"
_SOURCES = (
    "portal/components",
    "portal/pages",
    "portal/portal.py",
    "assets",
    "rxconfig.py",
    "reflex.lock",
)
_BUILT_FOR = "http://localhost:3000"


def prepare_frontend(url: str, into: Path) -> Path:
    """A folder for Reflex to serve, built from today's sources and talking to `url`."""
    build_frontend()
    target = into / "build" / "client"
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(WEB / "build" / "client", target)
    for chunk in target.glob("assets/reflex-env-*.js"):
        _point_at(chunk, url)
    return into


def build_frontend() -> None:
    """Build the front end unless the last build came from the very same sources."""
    fingerprint = _fingerprint()
    stamp = WEB / "built-from"
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    environment = {
        **os.environ,
        "PORTAL_URL": _BUILT_FOR,
        "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",
    }
    command = [_script("reflex"), "export", "--no-zip", "--frontend-only"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode or not (WEB / "build" / "client").is_dir():
        raise Misconfigured(
            f"The front end could not be built:\n{(done.stdout + done.stderr)[-4000:]}",
            next_step="Mend what it says, or remove .web and try again.",
        )
    stamp.write_text(_fingerprint())


def _point_at(chunk: Path, url: str) -> None:
    there, built_for = urlsplit(url).netloc, urlsplit(_BUILT_FOR).netloc
    text = chunk.read_text().replace(_BUILT_FOR, url.rstrip("/"))
    text = re.sub(rf"(wss?)://{re.escape(built_for)}", rf"\1://{there}", text)
    chunk.write_text(text)
    packed = chunk.with_name(chunk.name + ".gz")
    if packed.exists():
        packed.write_bytes(gzip.compress(text.encode(), mtime=0))


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for source in _SOURCES:
        path = ROOT / source
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _script(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts")) / name)
