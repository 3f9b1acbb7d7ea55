"""The trial: a local GitHub, Lockstep's real processes, and a release that travels (`lockstep demo`).

`town` is who and what there is, `children` the processes, `watch` what is seen of the real system, `telling` how it
is said, `trip` which steps must happen, `running` how another terminal finds a demo, `show` puts them together.
"""
