"""Requests and answers between clients and servers. The bytes: docs/protocol.md."""

import json
import struct
import time

from _wasm_shm_domain import Closed, HandlerFailed, LayoutError, NotOwner, PeerDied, TimedOut, TooManyPeers
from _wasm_shm_kernel import monotonic
from _wasm_shm_locks import TRIES
from _wasm_shm_rings import LISTENS, READER, READERS, RECORDS, WRITERS, Writer, is_capacity

_REQUEST, _ANSWER = struct.Struct("<IIIId"), struct.Struct("<IIII")
_DONE, _FAILED, _DIED = 0, 1, 2
_SLEEPERS = 16  # bytes from the object's first
_MOST_UNTOLD = 1024


class Service:
    """Requests and answers: both are bytes. From domain.service()."""

    def __init__(self, domain, offset, capacity, answer_capacity, clients):
        there = domain.found(0x5753010A, offset)
        first, second = there or (65536, 0)
        self.capacity = first if capacity is None else capacity
        answers = 1 << min(second & 0xFF, 31) if there else self.capacity
        self.answer_capacity = answers if answer_capacity is None else answer_capacity
        self.clients = (second >> 8 if there else 16) if clients is None else clients
        capacities = is_capacity(self.capacity, 128) and is_capacity(self.answer_capacity, 128)
        if not capacities or not 1 <= self.clients <= 1024:
            raise (LayoutError if there else ValueError)(
                "capacities must be powers of two, 128 to 2^30, and clients 1 to 1024"
            )
        self.domain, self.offset = domain, offset
        self._answers_at = offset + 64 + RECORDS + self.capacity
        self.size = self._answers_at - offset + self.clients * (RECORDS + self.answer_capacity)
        second = self.answer_capacity.bit_length() - 1 | self.clients << 8
        self.address = domain.open(0x5753010A, offset, self.size, self.capacity, second)
        self.requests = domain.channel(offset + 64, self.capacity, "mpmc", True)
        self._client, self._channels = None, {}

    def _answers(self, client):
        if client not in self._channels:
            at = self._answers_at + client * (RECORDS + self.answer_capacity)
            self._channels[client] = self.domain.channel(at, self.answer_capacity, "mpsc", True)
        return self._channels[client]

    def request(self, data, timeout=None):
        """Asks, and waits for the answer. The first request takes a place for a client, until release().

        HandlerFailed: the handler raised; PeerDied: the server that worked on it was killed, or all servers were."""
        if self._client is None:
            self._client = _Client(self)
        return self._client.request(memoryview(data).cast("B"), timeout)

    def release(self):
        """Gives up the place of a client."""
        client, self._client = self._client, None
        if client is not None:
            client.release()

    def server(self, retry=False):
        """Takes part in answering. retry: it works again on requests whose server was killed."""
        return Server(self, retry)

    def serve(self, handler, retry=False):
        """Answers requests with handler(bytes). Its client is told of an Exception, and of an answer that cannot be
        sent; another BaseException ends this."""
        with self.server(retry) as server:
            while True:
                asked = server.next()
                try:
                    answer = asked._checked(handler(asked.bytes))
                except Exception as error:
                    asked.fail(error)
                else:
                    asked.answer(answer)


def _until(timeout):
    return None if timeout is None else monotonic() + timeout


def _rest(until):
    """Seconds until then; None if there is no limit."""
    return None if until is None else max(0.0, until - monotonic())


class _Client:
    def __init__(self, service):
        self._service, self._reader = service, None
        for self._place in range(service.clients):
            self._answers = service._answers(self._place)
            try:
                self._reader = self._answers.reader(patient=True)
                break
            except NotOwner:
                service.domain.check()
        if self._reader is None:
            raise TooManyPeers(f"the service has room for {service.clients} clients, and all places are in use")
        try:
            self._writer = service.requests.writer(patient=True)
        except Exception:
            self._reader.release()
            raise

    def release(self):
        try:
            self._reader.release()
        finally:
            self._writer.release()

    def request(self, data, timeout):
        service, answers = self._service, self._answers
        domain, until = service.domain, _until(timeout)
        self._reader._begin()
        # An answer that comes late names no request of a later client of this participant.
        self._number = domain.requests = (domain.requests + 1) & 0xFFFFFFFF
        deadline = 0.0 if timeout is None else (time.time() + timeout) * 1000
        header = _REQUEST.pack(self._place, domain.id, self._number, 0, deadline)
        what = f"request of the Service at {service.offset}"
        answers.store(LISTENS, 1)
        try:
            with self._writer.claim(len(header) + len(data), timeout) as claim:
                claim.bytes[: len(header)] = header
                claim.bytes[len(header) :] = data
                claim.commit()
            status, body = domain.wait(answers.address + READERS, self._attempt, _rest(until), what)
        finally:
            if domain.joined:
                answers.store(LISTENS, 0)
                answers.ring(WRITERS)  # servers that wait for room
        if status == _DIED:
            raise PeerDied("the server that worked on it was killed")
        if status != _DONE:
            raise HandlerFailed(*_failure(body))
        return body

    def _attempt(self):
        # Answers to an earlier client in this place, and to requests that nobody waits for, are dropped.
        for _ in range(1000):
            message = self._reader._take()
            if message is None:
                if self._service.requests.readers() is False:
                    raise PeerDied("the servers were killed")
                return None
            if not hasattr(message, "bytes"):
                raise Closed("the service was closed")
            data = bytes(message.bytes)
            message.release()
            if len(data) >= _ANSWER.size:
                identifier, number, status, _zero = _ANSWER.unpack_from(data)
                if identifier == self._service.domain.id and number == self._number:
                    return status, data[_ANSWER.size :]
        raise LayoutError("the answers do not end")


def _failure(body):
    try:
        told = json.loads(body.decode())
        return told.get("name"), told.get("message"), told.get("code")
    except (ValueError, AttributeError, RecursionError):
        return "Error", "it told nothing of its failure", None


class Asked:
    """A request that waits for its answer. `bytes` is a copy."""

    def __init__(self, server, client, identifier, number, data, redelivered):
        self._server, self._client, self._id, self._number = server, client, identifier, number
        self.bytes, self.redelivered = data, redelivered

    def answer(self, data, timeout=None):
        """Sends the answer, unless nobody waits for it any more."""
        self._send(_DONE, self._checked(data), timeout)

    def fail(self, error, timeout=None):
        """Tells the client that the handler failed."""
        code = {"code": error.code} if isinstance(getattr(error, "code", None), str) else {}
        try:
            message = str(error)
        except Exception:
            message = "what it raised cannot be told"
        body = json.dumps({"name": type(error).__name__, "message": message, **code}).encode()
        self._send(_FAILED, body if len(body) <= self._most else b"", timeout)

    @property
    def _most(self):
        return self._server._service._answers(self._client).largest - _ANSWER.size

    def _checked(self, data):
        data = memoryview(data).cast("B")
        if len(data) > self._most:
            raise ValueError(f"an answer has at most {self._most} bytes, not {len(data)}")
        return data

    def _send(self, status, data, timeout=None):
        try:
            self._reply(status, data, timeout)
        except LayoutError:
            pass  # its client damaged its channel of answers

    def _reply(self, status, data, timeout):
        service = self._server._service
        answers = service._answers(self._client)
        with Writer(answers, False, True) as writer:
            what = f"answer of the Service at {service.offset}"
            claim = service.domain.wait(answers.address + WRITERS, lambda: self._claim(writer, data), timeout, what)
            if claim is not False:
                claim.bytes[: _ANSWER.size] = _ANSWER.pack(self._id, self._number, status, 0)
                claim.bytes[_ANSWER.size :] = data
                claim.commit()

    def _claim(self, writer, data):
        return writer._attempt(_ANSWER.size + len(data)) if self._is_wanted() else False

    def _is_wanted(self):
        service = self._server._service
        if self._client >= service.clients:
            return False
        try:
            answers = service._answers(self._client)
        except LayoutError:
            return False  # its client damaged what is its own
        return answers.load(READER) == self._id and answers.load(LISTENS) != 0 and service.domain.is_living(self._id)


class Server:
    """Answers requests: next(), then answer() or fail(), each before the next."""

    def __init__(self, service, retry):
        self._service, self._retry = service, retry
        self._reader = service.requests.reader(patient=True)
        self._untold = []  # whose server died

    def next(self, timeout=None):
        """Waits for a request whose client still waits."""
        until, passed = _until(timeout), 0
        while True:
            self._tell_of_deaths(until)
            if passed >= TRIES and _rest(until) == 0:  # those that are there are looked at, whatever the timeout is
                raise TimedOut(f"next of the Service at {self._service.offset} took longer than {timeout} s")
            message = self._reader.read(_rest(until))
            if message is None:
                raise Closed("the service was closed")
            asked = self._wanted(message)
            if asked is not None and (not message.redelivered or self._retry):
                return asked
            if asked is not None:
                self._untold = [*self._untold[1 - _MOST_UNTOLD :], asked]
            passed += 1

    def _wanted(self, message):
        """The request in a message; None if nobody waits for its answer."""
        data = bytes(message.bytes)
        if len(data) < _REQUEST.size:
            return None
        client, identifier, number, _zero, late = _REQUEST.unpack_from(data)
        asked = Asked(self, client, identifier, number, data[_REQUEST.size :], message.redelivered)
        return None if not asked._is_wanted() or 0 < late < time.time() * 1000 else asked

    def _tell_of_deaths(self, until):
        untold, self._untold = self._untold, []
        for asked in untold:
            try:
                asked._send(_DIED, b"", _rest(until))
            except TimedOut:
                self._untold.append(asked)  # there is no room: its client does not read

    def release(self):
        try:
            self._reader.release()
        finally:
            domain = self._service.domain
            if domain.joined:  # clients of a service whose requests were closed learn that nobody takes their requests
                domain.ring(self._service.address + _SLEEPERS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._service.domain.joined:
            self.release()
