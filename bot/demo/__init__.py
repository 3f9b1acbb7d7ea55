"""The trial: a local GitHub, Lockstep's real processes, and a release that travels (`lockstep demo`).

`town` is who and what there is, `children` the processes, `watch` what is seen of the real system, `telling` how it
is said, `trip` which steps must happen, `start` and `live` the demo itself, `running` how another terminal finds it.
"""
