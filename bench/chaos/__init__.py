"""The chaos run: real processes, a real PostgreSQL, a local GitHub and Argo CD, and everything goes wrong by chance.

    make chaos                      five minutes; MINUTES=30 longer, SEED=… the same choices again

People release, approve, comment and go home; releases are bad now and then and are to be rolled back by themselves.
Meanwhile processes get SIGKILL, the database is killed and restarted, GitHub and Argo CD fail, hang, lie and lose
notifications. Then all troubles end, and what must hold is asserted (issue 5, "Chaos run").
"""
