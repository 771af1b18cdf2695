"""Work that is not training is spaced out by what it takes."""

import time

from workflow_scripts.pretrain.pace import Pace


def test_work_is_due_at_once_and_then_as_seldom_as_its_share_says():
    pace = Pace(share=0.1)
    assert pace.due
    with pace.working():
        time.sleep(0.02)
    assert pace.took >= 0.02
    assert not pace.due
    pace.ended -= 10 * pace.took
    assert pace.due


def test_dear_work_is_due_after_the_longest_time_all_the_same():
    pace = Pace(share=0.1, longest_s=30)
    with pace.working():
        pass
    pace.took = 1000
    assert not pace.due
    pace.ended -= 30
    assert pace.due
