import gc

from remap_core.system.memory import leave_out_of_collections


def test_what_exists_is_left_out_of_collections_once_for_each_occasion():
    gc.unfreeze()
    leave_out_of_collections("a test")
    frozen = gc.get_freeze_count()
    assert frozen > 10_000
    kept = [[] for _ in range(1_000)]
    leave_out_of_collections("a test")
    assert gc.get_freeze_count() <= frozen
    leave_out_of_collections("another test")
    assert gc.get_freeze_count() > frozen
    assert len(kept) == 1_000
