"""A local GitHub with real Git behind it, for the trial and the story tests: scenery.

`state` holds the entities, `gitstore` the Git objects, `actions/` what can be done to them (permissions,
effects, events); `rest/` and `graphql/` are the two doors to the same actions, `webhooks` the way out.
`scenario` is the Python face: `Sandbox.start()` and sentences that read like a story.
"""
