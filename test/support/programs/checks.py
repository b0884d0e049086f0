"""What the programs that check the Python peer share."""

import _wasm_shm_rings
import _wasm_shm_services


def fails(error, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except error:
        return
    raise AssertionError(f"{call} does not raise {error}")


def changed(owner, name, value, call, *arguments):
    """Calls while an attribute of a module or an object has another value."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        return call(*arguments)
    finally:
        setattr(owner, name, before)


def raises(error):
    def call(*_):
        raise error

    return call


def always(result, most=10000):
    """A function that may be called so many times: who calls it more often does not end."""
    calls = []

    def call(*_):
        calls.append(result)
        assert len(calls) <= most, "it does not end"
        return result

    return call


def ask(service):
    """A request whose client does not read its answers."""
    answers = service._answers(0)
    reader = answers.reader()
    answers.store(_wasm_shm_rings.LISTENS, 1)
    with service.requests.writer() as writer:
        writer.write(_wasm_shm_services._REQUEST.pack(0, service.domain.id, 1, 0, 0.0))
    return answers, reader
