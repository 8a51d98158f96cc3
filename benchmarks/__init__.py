"""Benchmarks: every figure that has a bound, measured on this machine against a contestant in the same run.

    __main__ -> groups (which figures, in which module)
                  each: figures(Run) -> Figure, Figure, ...
             -> figure.BOUNDS: which holds -> a table, or one JSON object a line

`flush` measures the disk first, since some bounds depend on it. `http` is the service as `watchword serve` runs it
(`server`), filled over HTTP (`scene`) with one booking an account (`order`), under the load of 32 connections (`load`),
against a bare endpoint (`floor`). `decide` and `policy` measure the function that says yes and its table; `replay`
what a long `history` costs to read, here and in another library (`theirs`); `account` and `memory` what a long history
and many accounts cost, `pages` what reading that history does. `bundle` makes and verifies an evidence bundle; `rules`
and `webhooks` (with their `probing`) measure what follows by itself. `replaying` has every decision of a long `past`
made again.
docs/benchmarks.md says how to read it all.
"""
