"""Sender: takes deliveries of webhooks out of the outbox and sends them until they arrive or are given up.

It runs in every worker. A delivery is claimed for a minute; whoever claimed it and died is followed by another, so a
receiver may hear of an event twice and never not at all.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from tenuto import __version__, errors
from tenuto.db.models import DeliveryRow, WebhookRow
from tenuto.db.work import EVERYONE, Database, UnitOfWork
from tenuto.domain.webhooks import GIVE_UP_AFTER, next_delay, pause, sign
from tenuto.outside.calls import Caller

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.5
LANES = 8  # webhooks that are served at once, so that a slow receiver holds up nobody else's
TURN_SECONDS = 5.0  # After this long a webhook with more to send stands in line again.
LEASE_SECONDS = 60.0
PATIENCE_SECONDS = 300.0  # with a database that is away when something was sent
GONE = 410


class Sender:
    """One thread that looks for what is due, and a few that send it."""

    def __init__(self, database: Database, caller: Caller, delays: Sequence[float]) -> None:
        self.database, self.caller, self.delays = database, caller, tuple(delays)
        self._busy: set[int] = set()
        self._served: dict[int, float] = {}
        self._lock = threading.Lock()
        self._stop, self._news = threading.Event(), threading.Event()
        self._lanes = ThreadPoolExecutor(LANES, thread_name_prefix="webhook")
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, grace_seconds: float) -> None:
        """Send what is due now, within the grace; the rest stays in the outbox for the next worker."""
        deadline = time.monotonic() + grace_seconds
        self._stop.set()
        self._news.set()
        if self._thread.is_alive():  # A worker may be told to stop before it has begun.
            self._thread.join(grace_seconds)
        while time.monotonic() < deadline and (self._round() or self._busy):
            time.sleep(0.05)
        self._lanes.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._round()
            self._news.wait(LOOK_SECONDS)
            self._news.clear()

    def _round(self) -> int:
        """Give free lanes to webhooks that wait; those served longest ago come first."""
        try:
            with self.database.reading(EVERYONE) as work:
                due = work.webhooks.due(_moment(work))
        except errors.TenutoError as error:
            logger.warning("The outbox cannot be read.", extra={"action": "outbox_away", "detail": error.message})
            return 0
        with self._lock:
            waiting = [webhook_id for webhook_id in due if webhook_id not in self._busy]
            waiting.sort(key=lambda webhook_id: self._served.get(webhook_id, 0.0))
            chosen = waiting[: LANES - len(self._busy)]
            self._busy.update(chosen)
        for webhook_id in chosen:
            self._lanes.submit(self._serve, webhook_id)
        return len(chosen)

    def _serve(self, webhook_id: int) -> None:
        deadline, more = time.monotonic() + TURN_SECONDS, True
        try:
            while more and time.monotonic() < deadline:
                more = self.send_next(webhook_id)
        except Exception:  # The edge of a lane: one webhook that cannot be served must not end the lane.
            more = False
            logger.exception("A webhook could not be served.", extra={"action": "webhook_broke", "webhook": webhook_id})
        finally:
            with self._lock:
                self._busy.discard(webhook_id)
                self._served[webhook_id] = time.monotonic()
            if more:
                self._news.set()

    def send_next(self, webhook_id: int) -> bool:
        """Send what is next for a webhook; whether there was something and it arrived."""
        with self.database.unit_of_work(EVERYONE) as work:
            moment = _moment(work)
            claimed = work.deliveries.claim(webhook_id, moment, moment + timedelta(seconds=LEASE_SECONDS))
        if claimed is None:
            return False
        webhook, delivery = claimed
        status, error = self._post(webhook, delivery, moment)
        arrived = not error
        self.database.patiently(
            lambda work: self._note(work, delivery, status, error), give_up_seconds=PATIENCE_SECONDS
        )
        fields = {"action": "webhook_sent" if arrived else "webhook_missed", "webhook": webhook.uid}
        logger.log(
            logging.INFO if arrived else logging.WARNING,
            "A webhook was told." if arrived else "A webhook could not be told.",
            extra={**fields, "delivery": delivery.uid, "attempt": delivery.attempts, "status": status, "detail": error},
        )
        return arrived

    def _post(self, webhook: WebhookRow, delivery: DeliveryRow, moment: datetime) -> tuple[int | None, str]:
        """The status of the answer, and what is wrong about it."""
        body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"tenuto/{__version__}",
            "Tenuto-Event": delivery.event,
            "Tenuto-Delivery": delivery.uid,
            "Tenuto-Attempt": str(delivery.attempts),
            "Tenuto-Signature": sign(body, int(moment.timestamp()), secrets_of(webhook, moment)),
        }
        try:
            status = self.caller.post(webhook.url, body, headers)
        except errors.TenutoError as error:
            return None, error.message
        if 200 <= status < 300:  # noqa: PLR2004 - the statuses that say yes
            return status, ""
        moved = " It answered with a redirect, and those are not followed." if 300 <= status < 400 else ""  # noqa: PLR2004 - as above
        return status, f"The receiver answered {status}.{moved}"

    def _note(self, work: UnitOfWork, delivery: DeliveryRow, status: int | None, error: str) -> None:
        """Write down what became of an attempt; the webhook's row first, as its deletion locks that first, too."""
        moment = _moment(work)
        if not error:
            work.webhooks.note_success(delivery.webhook_id)
            work.deliveries.note_delivered(delivery, status or 0, moment)
            return
        failures = work.webhooks.note_failure(delivery.webhook_id)
        if failures is None:
            return  # It was deleted meanwhile.
        rest = pause(failures, self.delays, random.random())  # noqa: S311 - jitter, not a secret
        work.webhooks.change(delivery.webhook_id, paused_until=moment + timedelta(seconds=rest))
        if status == GONE or failures >= GIVE_UP_AFTER:
            why = "it answered 410 Gone" if status == GONE else f"it failed {failures} times in a row"
            reason = f"Switched off because {why}, last on {moment:%Y-%m-%d %H:%M} UTC: {error}"
            work.webhooks.change(delivery.webhook_id, is_active=False, disabled_reason=reason)
        delay = next_delay(delivery.attempts, self.delays, random.random())  # noqa: S311 - as above
        next_at = None if delay is None else moment + timedelta(seconds=delay)
        work.deliveries.note_missed(delivery, error, status, next_at=next_at)


def secrets_of(webhook: WebhookRow, moment: datetime) -> list[str]:
    """The secrets that sign at a moment: the newest first."""
    old = webhook.old_secret if webhook.old_secret_until and webhook.old_secret_until > moment else None
    return [webhook.secret, *([old] if old else [])]


def _moment(work: UnitOfWork) -> datetime:
    """Now, on the clock that all workers share."""
    return datetime.fromtimestamp(work.now_epoch(), UTC)
