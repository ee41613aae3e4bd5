"""
python3-fido2, with its own CTAPHID and CTAP2 host, against a FIDO token. Prints one JSON line.

  python3 python_fido2.py --socket PATH   a token that is served on a unix socket
  python3 python_fido2.py                 the first token that the operating system lists
"""
import argparse
import json
import os
import socket
import threading

from fido2.attestation import Attestation
from fido2.ctap import CtapError
from fido2.ctap1 import Ctap1
from fido2.ctap2 import ClientPin, Config, CredentialManagement, Ctap2, LargeBlobs
from fido2.hid import CTAPHID, CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor


class SocketConnection(CtapHidConnection):
    """65-byte frames out (report number 0 first), 64-byte frames in."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)

    def close(self):
        self.socket.close()

    def write_packet(self, packet):
        self.socket.sendall(b"\0" + packet)

    def read_packet(self):
        packet = b""
        while len(packet) < 64:
            part = self.socket.recv(64 - len(packet))
            if not part:
                raise OSError("the token is gone")
            packet += part
        return packet


RP = {"id": "login.example", "name": "Login"}
USER = {"id": b"ada", "name": "ada", "displayName": "Ada"}
ES256 = [{"type": "public-key", "alg": -7}]


def open_device(path):
    if path is None:
        return next(CtapHidDevice.list_devices())
    return CtapHidDevice(HidDescriptor(path, 0x1209, 0xD005, 64, 64), SocketConnection(path))


def ping(device, longest):
    for size in (0, 1, 57, 58, 1000, 7609):
        payload = os.urandom(size)
        if size <= longest and device.call(CTAPHID.PING, payload) != payload:
            return False
    return True


def make_and_get(ctap, result):
    client_data_hash = os.urandom(32)
    made = ctap.make_credential(client_data_hash, RP, USER, ES256)
    result["fmt"] = made.fmt
    Attestation.for_type(made.fmt)().verify(made.att_statement, made.auth_data, client_data_hash)
    credential = made.auth_data.credential_data
    given = ctap.get_assertion(RP["id"], client_data_hash, [{"type": "public-key", "id": credential.credential_id}])
    given.verify(client_data_hash, credential.public_key)
    try:
        ctap.get_assertion("evil.example", client_data_hash, [{"type": "public-key", "id": credential.credential_id}])
    except CtapError as error:
        result["otherParty"] = error.code.name
    try:
        descriptor = {"type": "public-key", "id": credential.credential_id}
        ctap.make_credential(client_data_hash, RP, USER, ES256, exclude_list=[descriptor])
    except CtapError as error:
        result["excluded"] = error.code.name
    return made


def pin_and_passkeys(ctap, result):
    pin = ClientPin(ctap)
    result["pinProtocol"] = pin.protocol.VERSION
    pin.set_pin("1234")
    pin.change_pin("1234", "fünf-Öfen")
    try:
        pin.change_pin("0000", "99999")
    except CtapError as error:
        result["wrongPin"] = error.code.name
    result["retries"] = pin.get_pin_retries()[0]

    client_data_hash = os.urandom(32)
    for name in (b"ada", b"bob", b"cyd"):
        token = pin.get_pin_token("fünf-Öfen", ClientPin.PERMISSION.MAKE_CREDENTIAL, RP["id"])
        made = ctap.make_credential(
            client_data_hash,
            RP,
            {"id": name, "name": name.decode(), "displayName": name.decode()},
            ES256,
            extensions={"credProtect": 2, "largeBlobKey": True, "credBlob": b"blob"},
            options={"rk": True},
            pin_uv_param=pin.protocol.authenticate(token, client_data_hash),
            pin_uv_protocol=pin.protocol.VERSION,
        )
    result["made"] = {"uv": made.auth_data.is_user_verified(), "extensions": made.auth_data.extensions, "key": len(made.large_blob_key)}

    token = pin.get_pin_token("fünf-Öfen", ClientPin.PERMISSION.GET_ASSERTION, RP["id"])
    given = ctap.get_assertions(
        RP["id"], client_data_hash, None, None, None, pin.protocol.authenticate(token, client_data_hash), pin.protocol.VERSION
    )
    result["users"] = [each.user["name"] for each in given]

    token = pin.get_pin_token("fünf-Öfen", ClientPin.PERMISSION.CREDENTIAL_MGMT)
    manager = CredentialManagement(ctap, pin.protocol, token)
    parties = manager.enumerate_rps()
    kept = manager.enumerate_creds(parties[0][CredentialManagement.RESULT.RP_ID_HASH])
    manager.update_user_info(kept[0][CredentialManagement.RESULT.CREDENTIAL_ID], {"id": b"cyd", "name": "renamed"})
    manager.delete_cred(kept[1][CredentialManagement.RESULT.CREDENTIAL_ID])
    kept = manager.enumerate_creds(parties[0][CredentialManagement.RESULT.RP_ID_HASH])
    result["kept"] = [each[CredentialManagement.RESULT.USER].get("name") for each in kept]

    token = pin.get_pin_token("fünf-Öfen", ClientPin.PERMISSION.LARGE_BLOB_WRITE)
    blobs = LargeBlobs(ctap, pin.protocol, token)
    blobs.put_blob(made.large_blob_key, b"certificate " * 20)
    result["blob"] = blobs.get_blob(made.large_blob_key) == b"certificate " * 20

    token = pin.get_pin_token("fünf-Öfen", ClientPin.PERMISSION.AUTHENTICATOR_CFG)
    Config(ctap, pin.protocol, token).set_min_pin_length(6, [RP["id"]])
    result["minPinLength"] = ctap.get_info().min_pin_length


def u2f(device, result):
    ctap1 = Ctap1(device)
    challenge, application = os.urandom(32), os.urandom(32)
    registered = ctap1.register(challenge, application)
    registered.verify(application, challenge)
    ctap1.authenticate(challenge, application, registered.key_handle).verify(application, challenge, registered.public_key)
    result["u2f"] = ctap1.get_version()


def cancel(ctap, result):
    """Selection with a token that nobody touches: the CANCEL must end it."""
    event = threading.Event()
    try:
        ctap.selection(event=event, on_keepalive=lambda _status: event.set())
        result["canceled"] = "no"
    except CtapError as error:
        result["canceled"] = error.code.name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket")
    parser.add_argument("--only", choices=["cancel", "short", "all"], default="all")
    parser.add_argument("--longest", type=int, default=7609, help="bytes of the longest ping")
    arguments = parser.parse_args()
    device = open_device(arguments.socket)
    result = {"version": device.version, "capabilities": device.capabilities}
    if arguments.only == "cancel":
        cancel(Ctap2(device), result)
    else:
        result["ping"] = ping(device, arguments.longest)
        ctap = Ctap2(device)
        result["versions"] = ctap.info.versions
        make_and_get(ctap, result)
        if arguments.only == "all":
            if "U2F_V2" in ctap.info.versions:
                u2f(device, result)
            pin_and_passkeys(ctap, result)
    print(json.dumps(result, default=lambda value: value.hex() if isinstance(value, bytes) else str(value)))


if __name__ == "__main__":
    main()
