"""A connection to hosts that do not exist, for tests: real ansible-playbook and role, a stand-in for the command.

The host's state is a JSON file below `OPENCLAW_SIMULATED`. Its behaviour is scripted there: see schedule.ts.
"""

import ast
import json
import os
import re
import time
from datetime import datetime, timedelta, timezone

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
    name: simulated
    short_description: hosts that do not exist
    description: Answers modules without a process, from the host's file.
    author: openclaw-releases
    options: {}
"""

# Arguments of a module, as ansible-core 2.14 and 2.19 write them into what they send.
PARAMS = re.compile(r"^\s*(?:ANSIBALLZ_PARAMS = |params=)(.+?),?$", re.M)


class Connection(ConnectionBase):
    transport = "simulated"
    has_pipelining = True

    def _connect(self):
        self._connected = True
        return self

    def close(self):
        self._connected = False

    def reset(self):
        pass

    def put_file(self, in_path, out_path):
        Host(self._play_context.remote_addr).reach()

    def fetch_file(self, in_path, out_path):
        raise NotImplementedError

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        host = Host(self._play_context.remote_addr)
        if in_data is None:
            return 0, b"/home/claw\n", b""
        text = in_data.decode() if isinstance(in_data, bytes) else in_data
        args = json.loads(ast.literal_eval(PARAMS.search(text).group(1)))["ANSIBLE_MODULE_ARGS"]
        argv = args.get("argv")
        if argv is None:
            host.reach()
            if host.state.get("full") and "src" in args:
                return 0, json.dumps({"failed": True, "msg": "no space left on device"}).encode(), b""
            return 0, json.dumps({"ping": "pong", "changed": False, "stat": {"exists": False}}).encode(), b""
        code, document = host.run(argv[1:])
        stdout = document if isinstance(document, str) else json.dumps(document)
        answer = {"rc": code, "stdout": stdout, "stderr": "", "changed": True, "cmd": argv}
        return 0, json.dumps(answer).encode(), b""


class Host:
    def __init__(self, name):
        self.path = os.path.join(os.environ["OPENCLAW_SIMULATED"], name + ".json")
        with open(self.path, encoding="utf8") as file:
            self.state = json.load(file)

    def save(self):
        with open(self.path + ".new", "w", encoding="utf8") as file:
            json.dump(self.state, file)
        os.rename(self.path + ".new", self.path)

    def reach(self):
        """Counts each connection: a host may be down always, or from its nth connection on, for some of them."""
        at = self.state["connections"] = self.state.get("connections", 0) + 1
        self.save()
        begin, end = self.state.get("down") or [0, 0]
        if begin <= at < end:
            raise AnsibleConnectionFailure("simulated: no route to host")

    def run(self, args):
        self.reach()
        state = self.state
        what = args[0]
        if what == "status":
            return 0, self.status()
        if what == "report":
            now = datetime.now(timezone.utc)
            since = now - timedelta(seconds=state.get("healthyFor", 0))
            state.setdefault("watchedAt", time.monotonic())
            self.save()
            report = {"at": now.isoformat(), "healthySince": since.isoformat(), "status": self.status()}
            return 0, {"ok": True, "report": report}
        if what == "why":
            if state.get("damaged"):
                return 3, {"ok": False, "error": {"code": "corrupt_files", "message": "damaged"}}
            if not state["quarantine"]:
                return 3, {"ok": False, "error": {"code": "release_not_found", "message": "not here"}}
            cause = {"cause": {"code": "gateway_crashed"}}
            # Never sealed, or removed since.
            return 0, {"ok": True, "release": args[1], "staged": False, "quarantine": cause}
        if what == "history":
            return 0, "a broken answer" if state.get("garbles") else {"ok": True, "changes": state["changes"]}
        if what == "import":
            return self.take(args)
        if what in ("update", "rollback"):
            return self.change(args[0], args[1], args[2:])
        raise ValueError("unexpected: " + " ".join(args))

    def status(self):
        state = self.state
        changes = state["changes"]
        # A gateway that crashes again and again: each look sees another process, or one more restart.
        shows = state.get("crashes")
        watched = time.monotonic() - state.get("watchedAt", time.monotonic())
        if "crashesAfter" in state and watched >= state["crashesAfter"]:
            shows = "pid"
        if shows:
            state["starts"] = state.get("starts", 0) + 1
            self.save()
        starts = state.get("starts", 0)
        gateway = {"release": None if state.get("stopped") else state["current"], "pid": 100 + (starts if shows == "pid" else 0),
                   "restarts": starts if shows == "restarts" else 0, "health": {"ready": not state.get("unready")}}
        return {"ok": True, "root": "/root", "current": state["current"], "trial": None, "running": None,
                "interrupted": [], "last": changes[-1] if changes else None, "gateway": gateway}

    def take(self, args):
        """Imports a pack; a candidate finds out that the release is bad."""
        if self.state["verdict"][1] == 5 and args[args.index("--probe") + 1:][:1] == ["auto"]:
            self.state["quarantine"] = True
            self.save()
            return 4, {"ok": False, "status": "package_update_failed", "error": {"code": "probe_failed", "message": "bad"}}
        return 0, {"ok": True, "status": "staged"}

    def change(self, kind, version, options):
        state = self.state
        if state.get("overtaken"):
            # Before this change begins, somebody else makes another one of its kind, and the connection breaks.
            state["overtaken"] = False
            state["changes"].append({"kind": kind, "number": len(state["changes"]) + 1, "target": "2026.9.4",
                                     "status": "package_updated_restart_verified", "sentence": "Theirs.", "error": None})
            self.save()
            raise AnsibleConnectionFailure("simulated: broken pipe")
        if kind == "rollback" and not {"--yes", "--keep-state"} & set(options):
            error = {"code": "confirmation_needed", "message": "It needs its state.", "hint": "openclaw-releases rollback --yes"}
            return 3, {"ok": False, "error": error}
        status, code = state["verdict"]
        if code == 0 and not state.get("stopped") and state["current"] == version:
            status = "already_current"
        changed = status not in ("already_current", "package_update_failed", "refused")
        if status != "refused":
            document = {"ok": code == 0, "kind": kind, "number": len(state["changes"]) + 1, "status": status,
                        "sentence": status + ".", "target": version,
                        "error": None if code == 0 else {"code": "gateway_crashed", "message": status}}
            state["changes"].append(document)
        else:
            document = {"ok": False, "error": {"code": "insufficient_space", "message": "no space", "hint": "make room"}}
        if changed:
            if not state.get("stopped"):
                state["restarts"] += 1
            if code == 0:
                state["current"] = version
            else:
                state["quarantine"] = True
        self.save()
        if state["breaks"]:
            # The connection breaks after the change began; the change lives on.
            state["breaks"] = False
            self.save()
            raise AnsibleConnectionFailure("simulated: broken pipe")
        return code, document
