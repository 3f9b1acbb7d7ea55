"""The doctor: findings in, a report out, line by line; each wrong line says what to do next (row G9)."""

from bot.decide.doctor.report import exit_code, report

__all__ = ["exit_code", "report"]
