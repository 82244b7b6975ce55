"""The command that replays a folder and prints what agrees, one line a case."""

import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from conformance_replay import HEADER, Tally, replay_case
from payload_recorded import payload_case_folders, payload_folder
from payload_replay import FAILED, SAME, SETTLED, Verdict, replay_payload_case
from recorded_functions import function_files, replay_file
from recorded_suite import DEFAULT_FOLDER, Suite
from roads import ThroughHandler

_SHOWN = 5
_WIDTH = 400


def main(arguments: list[str]) -> int:
    """Exit code of a replay of the folder that the arguments name."""
    root = Path(arguments[0]) if arguments else DEFAULT_FOLDER
    if len(arguments) > 1 or not (root / "index.json").is_file():
        sys.stderr.write(f"error: {root}: expected a folder with index.json and cases/\n")
        return 2
    payload = payload_folder(root)
    # a folder of nothing but such runs holds no models
    models_agree = payload == root or _replay_models(root.resolve())
    payloads_agree = payload is None or _replay_payloads(payload)
    return 0 if models_agree and payloads_agree else 1


def _replay_models(root: Path) -> bool:
    """Whether every request and every function call of a folder has its right answer."""
    suite, road = Suite(root), ThroughHandler(root)
    sys.stdout.write(f"{HEADER}\n")
    tallies = [_shown(case.name, partial(replay_case, case, road)) for case in suite.cases]
    tallies += [_shown(file, partial(replay_file, suite, file)) for file in function_files(suite)]
    total = Tally(
        "total",
        requests=sum(tally.requests for tally in tallies),
        stored=sum(tally.stored for tally in tallies),
        expected=sum(tally.expected for tally in tallies),
        compared_steps=sum(tally.compared_steps for tally in tallies),
        disagreements=[sentence for tally in tallies for sentence in tally.disagreements],
    )
    largest = max((tally.largest for tally in tallies), default=0.0)
    sys.stdout.write(f"{total.line()}\nlargest difference of a probability: {largest:.1e}\n")
    return bool(total.requests) and not total.disagreements


def _replay_payloads(folder: Path) -> bool:
    """Whether every recorded run of the payload script has its right answer."""
    sys.stdout.write(f"{'run of the payload script':<38} verdict\n")
    words: Counter[str] = Counter()
    for case_folder in payload_case_folders(folder):
        verdict = _judged(case_folder)
        words[verdict.word] += 1
        sys.stdout.write(f"{verdict.line()}\n")
    counts = ", ".join(f"{words[word]} {word}" for word in (SAME, SETTLED, FAILED))
    sys.stdout.write(f"{'total':<38} {words.total()} runs: {counts}\n")
    return not words[FAILED]


def _judged(case_folder: Path) -> Verdict:
    try:
        return replay_payload_case(case_folder)
    except Exception as error:  # as of `_shown`
        why = f"cannot be replayed: {type(error).__name__}: {error}"
        return Verdict(name=case_folder.name, word=FAILED, difference=why)


def _shown(name: str, replayed: Callable[[], Tally]) -> Tally:
    try:
        tally = replayed()
    except Exception as error:  # a file of another form than ours is a disagreement of its own
        tally = Tally(name, disagreements=[f"cannot be replayed: {type(error).__name__}: {error}"])
    sys.stdout.write(f"{tally.line()}\n")
    for sentence in tally.disagreements[:_SHOWN]:
        sys.stdout.write(f"    {sentence[:_WIDTH]}\n")
    if more := len(tally.disagreements[_SHOWN:]):
        sys.stdout.write(f"    and {more} more\n")
    sys.stdout.flush()
    return tally
