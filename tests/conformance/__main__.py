"""Replays a folder of recorded artifacts, requests and function calls, and prints what agrees.

    python tests/conformance [FOLDER]

Of the runs of the payload script that the folder has in payload/cases (or in cases/, where it holds nothing
else), each is shown with its verdict and the reasons for an answer that is not the recorded one.

Exit code 0: everything agrees; 1: something does not; 2: the folder is not such a folder.
"""

import logging
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before a library asks: the networks are small
logging.disable(logging.WARNING)  # damaged artifacts are among the cases
# and so are runs that fail, whose last words would stand between the verdicts
logging.getLogger("servable.payload.script").addHandler(logging.NullHandler())

from replay_command import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
