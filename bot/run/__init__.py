"""One run of one subject: load, decide, apply. The same way for a webhook, a timer and the command line."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import InstallationGone, Moved
from bot.model.delivery import StoredDelivery
from bot.model.subject import Kind, Subject
from bot.run.deploying import look_deployment
from bot.run.environment import look_environment
from bot.run.house import House, Looked
from bot.run.identity import is_installed, not_installed
from bot.run.installation import discover, look_installation
from bot.run.notify import look_tidings
from bot.run.pull import look_pull
from bot.run.repository import look_repository
from bot.run.rollback.alerts import look_alerts
from bot.run.source import look_source
from bot.run.validation import look_validation

__all__ = ["House", "Looked", "look"]


def look(house: House, subject: Subject, deliveries: Sequence[StoredDelivery]) -> Looked:
    """Looks at one subject; `deliveries` are hints at what may have changed, and may be empty.

    Raises Retryable, Terminal or Stale; the caller decides what becomes of the job.
    """
    try:
        return _look(house, subject, deliveries)
    except Moved:
        # The store's names are old. Once: what is not where GitHub has just said is looked for after a pause.
        discover(house, subject.installation_id)
        return _look(house, subject, deliveries)
    except InstallationGone:
        house.store.repositories.forget(subject.installation_id)
        raise


def _look(house: House, subject: Subject, deliveries: Sequence[StoredDelivery]) -> Looked:
    if subject.kind is Kind.ALERTS:
        return look_alerts(house, subject, deliveries)
    if subject.kind is Kind.TIDINGS:
        return look_tidings(house, subject)
    if subject.kind is Kind.INSTALLATION:
        return look_installation(house, subject)
    if not house.store.repositories.is_known(subject.installation_id):
        discover(house, subject.installation_id)
    if not is_installed(house, subject, told=bool(deliveries)):
        return not_installed(house, subject)
    if subject.kind is Kind.SOURCE:
        return look_source(house, subject, deliveries)
    if subject.kind is Kind.ENVIRONMENT:
        return look_environment(house, subject)
    if subject.kind is Kind.PULL:
        return look_pull(house, subject, deliveries)
    if subject.kind is Kind.VALIDATION:
        return look_validation(house, subject, deliveries)
    if subject.kind is Kind.DEPLOYMENT:
        return look_deployment(house, subject)
    return look_repository(house, subject, deliveries)
