"""Packs the modules of this folder into a wheel: pip needs no other package, and no network (PEP 517, PEP 427)."""

import base64
import hashlib
import pathlib
import zipfile

_FOLDER = pathlib.Path(__file__).resolve().parent
_VERSION = "0.2.0"
_INFO = f"wasm_shm-{_VERSION}.dist-info"


def _files():
    for path in sorted(_FOLDER.glob("*wasm_shm*.py")):
        if path.name != pathlib.Path(__file__).name:
            yield path.name, path.read_bytes()
    metadata = f"Metadata-Version: 2.1\nName: wasm-shm\nVersion: {_VERSION}\nRequires-Python: >=3.8\n"
    yield f"{_INFO}/METADATA", metadata.encode()
    yield f"{_INFO}/WHEEL", b"Wheel-Version: 1.0\nGenerator: wasm-shm\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = f"wasm_shm-{_VERSION}-py3-none-any.whl"
    record = ""
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in _files():
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(content)}\n"
            wheel.writestr(path, content)
        wheel.writestr(f"{_INFO}/RECORD", f"{record}{_INFO}/RECORD,,\n")
    return name
