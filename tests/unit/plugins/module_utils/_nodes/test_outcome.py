# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import (
    Outcome,
    State,
    job_outcome,
    pod_outcome,
)
from tests.unit.plugins.module_utils._nodes.json_like import json_like

STARTED, FINISHED = "2026-11-21T09:00:00Z", "2026-11-21T09:00:07Z"
RUNS = {"running": {"startedAt": STARTED}}


def told(code: int = 0, **more: Any) -> str:
    """What the runner writes."""
    result = {"hash": "ab", "code": code, "changed": True, "seconds": 2.5, "reason": "", "output": "one\ntwo"}
    return json.dumps({**result, **more})


def ended(code: int = 0, message: str = "", reason: str = "") -> dict[str, Any]:
    end = {"exitCode": code, "startedAt": STARTED, "finishedAt": FINISHED}
    return {"terminated": {**end, "reason": reason or ("Error" if code else "Completed"), "message": message}}


def waits(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def pod(
    action: dict[str, Any] | None = None,
    catalogue: dict[str, Any] | None = None,
    storage: dict[str, Any] | None = None,
    phase: str = "Running",
    conditions: list[dict[str, Any]] | None = None,
    created: str = STARTED,
    **status: Any,
) -> dict[str, Any]:
    """A pod as the API server gives it, by the states of its containers."""
    named = (("catalogue", catalogue or ended()), ("storage", storage or RUNS), ("server", RUNS))
    return {
        "metadata": {"name": f"pod-{created}", "creationTimestamp": created},
        "status": {
            "phase": phase,
            "conditions": conditions or [],
            "initContainerStatuses": [{"name": name, "state": state} for name, state in named],
            "containerStatuses": [{"name": "action", "state": action or waits("PodInitializing")}],
            **status,
        },
    }


def job(kind: str = "", reason: str = "", message: str = "") -> dict[str, Any]:
    conditions = [{"type": kind, "status": "True", "reason": reason, "message": message}] if kind else []
    return {"metadata": {"name": "j"}, "status": {"conditions": conditions}}


def test_done_and_unchanged() -> None:
    done = Outcome("n", State.DONE, 0, 2.5, "", "one\ntwo")
    assert pod_outcome("n", pod(ended(0, told()))) == done
    assert pod_outcome("n", pod(ended(0, told()), phase="Succeeded")) == done
    unchanged = pod_outcome("n", pod(ended(0, told(changed=False, output=""))))
    assert unchanged == Outcome("n", State.UNCHANGED, 0, 2.5)
    assert unchanged.over
    assert not unchanged.failed


def test_a_failed_script_tells_its_code_and_its_last_lines() -> None:
    found = pod_outcome("n", pod(ended(3, told(3)), phase="Failed"))
    assert found == Outcome("n", State.FAILED, 3, 2.5, "the script ended with exit code 3", "one\ntwo")
    assert found.over
    assert found.failed


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1, "the script ended with exit code 1"),
        (69, "the package server did not answer in time, or the node lacks what the runner needs"),
        (73, "the state of the action could not be written on the node"),
        (75, "another run of the action held the lock for too long"),
        (124, "the script reached its time limit"),
        (137, "the script ended with exit code 137, as after the signal SIGKILL"),
        (143, "the script ended with exit code 143, as after the signal SIGTERM"),
        (128, "the script ended with exit code 128"),
        (255, "the script ended with exit code 255"),
    ],
)
def test_what_codes_mean(code: int, reason: str) -> None:
    assert pod_outcome("n", pod(ended(code, told(code)))).reason == reason
    assert pod_outcome("n", pod(ended(code))) == Outcome("n", State.FAILED, code, 7.0, reason)
    assert (
        pod_outcome("n", pod(ended(code, told(code, reason="the disk is full")))).reason == "the disk is full"
    )


def test_what_the_kubelet_saw_counts_more() -> None:
    """The runner was killed after it had told that all was well, or it told a failure and ended with 0."""
    killed = pod_outcome("n", pod(ended(137, told(0, reason="all is well"))))
    assert (killed.state, killed.code) == (State.FAILED, 137)
    assert killed.reason == "the script ended with exit code 137, as after the signal SIGKILL"
    told_only = pod_outcome("n", pod(ended(0, told(5, reason="it broke"))))
    assert (told_only.state, told_only.code, told_only.reason) == (State.FAILED, 5, "it broke")


def test_a_message_that_is_none() -> None:
    found = pod_outcome("n", pod(ended(0)))
    assert found == Outcome("n", State.DONE, 0, 7.0, "it ended with 0, but told no result")
    log = pod_outcome("n", pod(ended(1, "E: no such package\n\x1b[31mred\n")))
    assert (log.state, log.code, log.output) == (State.FAILED, 1, "E: no such package\n [31mred")


def test_a_message_that_was_cut() -> None:
    found = pod_outcome("n", pod(ended(4, told(4, reason="it broke", output="x" * 5000)[:4096])))
    assert (found.state, found.code, found.seconds, found.reason) == (State.FAILED, 4, 2.5, "it broke")
    assert set(found.output) == {"x"}


@pytest.mark.parametrize(
    "times", [("", FINISHED), (STARTED, "soon"), (STARTED[:-1], FINISHED), (FINISHED, STARTED)]
)
def test_times_that_tell_no_duration(times: tuple[str, str]) -> None:
    state = {"terminated": {"exitCode": 1, "startedAt": times[0], "finishedAt": times[1]}}
    assert pod_outcome("n", pod(state)).seconds is None


def test_out_of_memory() -> None:
    found = pod_outcome("n", pod(ended(137, told(137), "OOMKilled")))
    assert found.reason == "OOMKilled: it took more memory than its container may have"


def test_a_failed_init_container_tells_its_sentence() -> None:
    failed = ended(1, "the storage refused the credentials: 403\n")
    reason = "container catalogue ended with exit code 1: the storage refused the credentials: 403"
    found = pod_outcome("n", pod(catalogue=failed, storage=waits("PodInitializing"), phase="Failed"))
    assert found == Outcome("n", State.FAILED, None, 7.0, reason)
    # Until the pod itself has failed, that is what it waits for.
    pending = pod_outcome("n", pod(catalogue=failed, storage=waits("PodInitializing"), phase="Pending"))
    assert pending == Outcome("n", State.RUNNING, reason=reason)


def test_an_image_that_cannot_be_pulled() -> None:
    message = 'Back-off pulling image "x": ErrImagePull: failed to resolve image: not found'
    found = pod_outcome("n", pod(waits("ImagePullBackOff", message), phase="Pending"))
    assert found.state is State.RUNNING
    assert found.stuck
    assert found.reason == "container action: ErrImagePull: not found"
    first = pod_outcome("n", pod(catalogue=waits("InvalidImageName", "bad"), phase="Pending"))
    assert first == Outcome(
        "n", State.RUNNING, reason="container catalogue: InvalidImageName: bad", stuck=True
    )
    limited = pod_outcome("n", pod(waits("ErrImagePull", "pull QPS exceeded"), phase="Pending"))
    assert not limited.stuck


def test_a_sidecar_that_crashes() -> None:
    crashing = pod(phase="Pending")
    crashing["status"]["initContainerStatuses"][1] = {
        "name": "storage",
        "state": waits("CrashLoopBackOff", "back-off 10s"),
        "lastState": ended(1, "no such container: pkg"),
    }
    found = pod_outcome("n", crashing)
    reason = "container storage ended with exit code 1: no such container: pkg"
    assert found == Outcome("n", State.RUNNING, reason=reason, stuck=True)


def test_a_sidecar_that_ended_does_not_hide_the_result() -> None:
    found = pod_outcome("n", pod(ended(0, told()), storage=ended(143), phase="Failed"))
    assert found.state is State.DONE


@pytest.mark.parametrize("reason", ["StartError", "ContainerCannotRun"])
def test_a_container_that_could_not_be_started(reason: str) -> None:
    found = pod_outcome("n", pod(ended(128, "exec: nsenter: not found", reason), phase="Failed"))
    assert found == Outcome("n", State.FAILED, reason=f"{reason}: exec: nsenter: not found")


def test_running_and_beginning() -> None:
    assert pod_outcome("n", pod(RUNS)) == Outcome("n", State.RUNNING)
    assert pod_outcome("n", pod(phase="Pending")) == Outcome("n", State.RUNNING)
    assert pod_outcome("n", {}) == Outcome("n", State.RUNNING)
    unscheduled = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "no memory",
    }
    found = pod_outcome("n", {"status": {"phase": "Pending", "conditions": [unscheduled]}})
    assert found == Outcome("n", State.RUNNING, reason="Unschedulable: no memory", stuck=True)
    assert not found.over


EVICTED: dict[str, Any] = {"reason": "Evicted", "message": "The node was low on resource: ephemeral-storage."}
EVICTION = "Evicted: The node was low on resource: ephemeral-storage."
DISRUPTED = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "DeletionByTaintManager",
    "message": "tainted",
}


def test_eviction_before_the_script_was_started() -> None:
    found = pod_outcome("n", {"status": {"phase": "Failed", **EVICTED}})
    assert found == Outcome("n", State.FAILED, reason=f"the script was not started: {EVICTION}")
    stopped = pod_outcome("n", pod(storage=ended(137), phase="Failed", **EVICTED))
    assert stopped.reason == f"the script was not started: {EVICTION}"


def test_eviction_while_the_script_ran() -> None:
    reason = f"its pod was ended before the script told a result: {EVICTION}"
    found = pod_outcome("n", pod(ended(137), phase="Failed", **EVICTED))
    assert found == Outcome("n", State.LOST, None, 7.0, reason)
    assert found.failed
    unseen = pod_outcome("n", pod(RUNS, phase="Failed", conditions=[DISRUPTED]))
    reason = "its pod ended while the script ran: DeletionByTaintManager: tainted"
    assert unseen == Outcome("n", State.LOST, reason=reason)


def test_eviction_while_the_runner_could_still_tell_it() -> None:
    message = told(143, reason="the pod was told to end while the script ran")
    found = pod_outcome("n", pod(ended(143, message), phase="Failed", **EVICTED))
    assert (found.state, found.code) == (State.FAILED, 143)
    assert found.reason == f"the pod was told to end while the script ran: {EVICTION}"


def test_a_pod_that_ended_and_tells_no_reason() -> None:
    found = pod_outcome("n", pod(phase="Failed"))
    reason = "the script was not started: its pod ended, and tells no reason"
    assert found == Outcome("n", State.FAILED, reason=reason)


def test_eviction_after_the_result_was_told() -> None:
    found = pod_outcome("n", pod(ended(0, told()), phase="Failed", conditions=[DISRUPTED]))
    assert found.state is State.DONE
    assert pod_outcome("n", pod(ended(2, told(2)), conditions=[DISRUPTED])).code == 2


@pytest.mark.parametrize("word", ["ContainerStatusUnknown", "Unknown"])
def test_an_end_that_nobody_saw(word: str) -> None:
    found = pod_outcome("n", pod(ended(137, "", word), phase="Failed"))
    assert found == Outcome("n", State.LOST, reason=f"nobody saw how the script ended: {word}")
    assert pod_outcome("n", pod(ended(137, told(), word))).state is State.DONE


def test_the_deadline_of_a_pod() -> None:
    found = pod_outcome("n", pod(ended(137), phase="Failed", reason="DeadlineExceeded", message="too long"))
    assert (found.state, found.code) == (State.FAILED, 137)
    assert found.reason.endswith("SIGKILL: DeadlineExceeded: too long")


def test_the_action_as_an_init_container() -> None:
    of_daemonset = {
        "status": {
            "phase": "Running",
            "initContainerStatuses": [{"name": "action", "state": ended(0, told())}],
            "containerStatuses": [{"name": "sleeper", "state": RUNS}],
        }
    }
    assert pod_outcome("n", of_daemonset).state is State.DONE
    again = {"name": "action", "state": waits("CrashLoopBackOff"), "lastState": ended(3, told(3))}
    of_daemonset["status"]["initContainerStatuses"] = [again]
    assert (pod_outcome("n", of_daemonset).state, pod_outcome("n", of_daemonset).code) == (State.FAILED, 3)


def test_the_result_of_the_pod_is_that_of_the_job() -> None:
    for conditions in (job(), job("Complete"), None):
        assert job_outcome("n", conditions, [pod(ended(0, told()))]).state is State.DONE
    failed = job("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    assert job_outcome("n", failed, [pod(ended(3, told(3)))]) == pod_outcome("n", pod(ended(3, told(3))))


def test_the_newest_pod_counts() -> None:
    newer = pod(RUNS, created="2026-11-21T09:05:00Z")
    for pods in ([newer, pod(ended(3, told(3)))], [pod(ended(3, told(3))), newer]):
        assert job_outcome("n", job(), pods).state is State.RUNNING


DEADLINE = job("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
DEADLINE_TOLD = "DeadlineExceeded: Job was active longer than specified deadline"


def test_the_deadline_of_a_job() -> None:
    killed = job_outcome("n", DEADLINE, [pod(ended(137))])
    assert (killed.state, killed.code) == (State.FAILED, 137)
    assert killed.reason.endswith(f"SIGKILL: {DEADLINE_TOLD}")
    before = Outcome("n", State.RUNNING, reason="container storage: ImagePullBackOff: x", stuck=True)
    gone = job_outcome("n", DEADLINE, [], before)
    reason = f"{DEADLINE_TOLD}; before that: container storage: ImagePullBackOff: x"
    assert gone == Outcome("n", State.FAILED, reason=reason)
    assert job_outcome("n", DEADLINE, []).reason == DEADLINE_TOLD
    assert job_outcome("n", job("Failed"), []).reason == "its Job failed"


def test_a_job_that_ended_well_in_spite_of_the_deadline() -> None:
    assert job_outcome("n", DEADLINE, [pod(ended(0, told()))]) == pod_outcome("n", pod(ended(0, told())))


def test_a_job_without_pods() -> None:
    assert job_outcome("n", job(), []) == Outcome("n", State.RUNNING, reason="its pod is not there yet")
    gone = job_outcome("n", job("Complete"), [])
    assert gone == Outcome("n", State.DONE, reason="its pod is gone, and with it what it told")


def test_a_job_that_is_gone() -> None:
    reason = "its Job is gone, and told no result"
    assert job_outcome("n", None, []) == Outcome("n", State.LOST, reason=reason)
    assert job_outcome("n", None, [pod(RUNS)]).state is State.RUNNING


KEYS = [
    "status",
    "state",
    "terminated",
    "waiting",
    "lastState",
    "reason",
    "message",
    "phase",
    "conditions",
    "type",
]
WORDS = ["Failed", "True", "DisruptionTarget", "action", "CrashLoopBackOff", "ErrImagePull", told(), STARTED]
ANY = json_like(
    [*KEYS, "exitCode", "name", "startedAt", "finishedAt", "containerStatuses", "metadata"], WORDS
)
MAPPINGS = ANY.filter(lambda value: isinstance(value, dict))


@given(ANY, ANY, ANY, MAPPINGS)
def test_nothing_that_they_hold_raises(status: Any, state: Any, more: Any, whole: dict[str, Any]) -> None:
    containers = [{"name": "action", "state": state, "lastState": more}, status]
    of_pods = [
        whole,
        {"status": status, "metadata": more},
        {"status": {"containerStatuses": containers, "phase": status, "reason": more, "message": state}},
        pod(
            {"terminated": dict.fromkeys(("exitCode", "reason", "message", "startedAt", "finishedAt"), state)}
        ),
        pod(
            dict.fromkeys(("terminated", "waiting", "running"), state), state, more, conditions=[status, more]
        ),
    ]
    for one in of_pods:
        assert pod_outcome("n", one).node == "n"
        for of_job in (None, whole, {"status": status}, {"status": {"conditions": [status, more]}}):
            found = job_outcome("n", of_job, [one, whole])
            assert "\n" not in found.reason
            assert found.reason.isprintable()
            assert len(found.reason) <= 300


@given(st.integers(-(2**31), 2**31), st.text(max_size=60), st.sampled_from(["Pending", "Running", "Failed"]))
def test_a_code_other_than_0_never_counts_as_done(code: int, message: str, phase: str) -> None:
    for written in (message, told(0), told(code), told(0, reason=message)[:70]):
        found = pod_outcome("n", pod(ended(code, written), phase=phase))
        assert found.failed is (code != 0)
        assert found.over
