"""Reading `/proc`."""

from __future__ import annotations

from benchmarks.processes import Memory, Process, parse_available, parse_smaps_rollup, parse_stat


def test_a_command_may_look_like_fields():
    """Parentheses and spaces in a process's name do not move its parent and its beginning."""
    after = " ".join(str(number) for number in range(5, 23))
    line = f"42 (a) 1 (b c)) S 7 {after} 99\n"
    assert parse_stat(line) == Process(pid=42, parent=7, began=22)


def test_memory_is_in_bytes():
    """Of the sums of smaps_rollup, Pss and Private_Dirty count; the parts of Pss do not."""
    text = (
        "55d0-7ffd ---p 00000000 00:00 0                  [rollup]\n"
        "Rss:               12000 kB\n"
        "Pss:                2500 kB\n"
        "Pss_Dirty:          1500 kB\n"
        "Private_Clean:        10 kB\n"
        "Private_Dirty:      1400 kB\n"
    )
    assert parse_smaps_rollup(text) == Memory(pss=2500 * 1024, private_dirty=1400 * 1024)


def test_available_is_what_could_still_be_given():
    """MemAvailable counts, not MemFree."""
    text = "MemTotal:       100 kB\nMemFree:         20 kB\nMemAvailable:    60 kB\n"
    assert parse_available(text) == 60 * 1024
