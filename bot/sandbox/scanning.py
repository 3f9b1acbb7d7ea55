"""Scanners: analyses of commits, what they find, and what is fixed. Part of ``Sandbox`` (see scenario.py)."""

from __future__ import annotations

from bot.sandbox.cast import Place
from bot.sandbox.findings import CodeAlert, CodeAnalysis, DependencyAlert
from bot.sandbox.setting import Setting


class Scanning(Setting):
    """What code scanning and Dependabot do."""

    def analysis(
        self, repository: Place, sha: str, *, branch: str = "main", tool: str = "CodeQL", error: str = ""
    ) -> CodeAnalysis:
        """A scanner uploads its results about a commit of a branch."""
        with self.world.lock:
            made = CodeAnalysis(
                id=self.world.next_id(),
                ref=f"refs/heads/{branch}",
                commit_sha=sha,
                created_at=self.world.clock.now(),
                tool=tool,
                error=error,
            )
            self.repo(repository).security.analyses.append(made)
            return made

    def code_alert(
        self,
        repository: Place,
        severity: str | None,
        *,
        branch: str = "main",
        rule: str = "py/sql-injection",
        level: str = "error",
        path: str = "src/app.py",
    ) -> CodeAlert:
        """Code scanning finds something on a branch."""
        with self.world.lock:
            repo, now = self.repo(repository), self.world.clock.now()
            made = CodeAlert(
                number=len(repo.security.code_alerts) + 1,
                ref=f"refs/heads/{branch}",
                commit_sha=repo.git.ref(f"heads/{branch}") or "0" * 40,
                rule=rule,
                severity=severity,
                level=level,
                path=path,
                created_at=now,
                updated_at=now,
            )
            repo.security.code_alerts.append(made)
            return made

    def dependency_alert(
        self,
        repository: Place,
        severity: str,
        *,
        package: str = "requests",
        manifest: str = "requirements.txt",
    ) -> DependencyAlert:
        """Dependabot finds a vulnerable dependency."""
        with self.world.lock:
            found, now = self.repo(repository).security, self.world.clock.now()
            made = DependencyAlert(
                number=len(found.dependency_alerts) + 1,
                package=package,
                severity=severity,
                ghsa=f"GHSA-0000-0000-{len(found.dependency_alerts):04d}",
                manifest=manifest,
                created_at=now,
                updated_at=now,
            )
            found.dependency_alerts.append(made)
            return made

    def settle_alert(self, alert: CodeAlert | DependencyAlert, state: str = "fixed") -> None:
        """A finding is ``fixed`` by a later commit, or ``dismissed`` by a person."""
        with self.world.lock:
            alert.state, alert.updated_at = state, self.world.clock.now()
            alert.fixed_at = alert.updated_at if state == "fixed" else None
