"""Lockstep: a GitHub App that moves container images through environments by pull request.

The map of the house. A webhook enters through `web`, is stored by `adapters.store`, and wakes a `worker`. The worker
runs one subject (a source, an environment, a pull request, a repository) with `run`: read every fact once, ask
`decide` (pure functions over `model` values) what should be so, write the difference to GitHub through
`adapters.github`, and record each act in the ledger. `sweep` asks the same questions on a timer. `wiring` is the only
place where real parts meet; `sandbox` is a local GitHub for the trial and the story tests; `cli` is the command line.
"""
