// When the page asks again by itself: often while it is looked at and touched, seldom while idle, never while hidden, at
// once when it comes back into view. With a little spread, so that open pages do not ask in step.

import { useEffect, useRef } from 'preact/hooks';

const LOOKED_AT_MS = 10_000;
const IDLE_MS = 60_000;
/** Without a touch for this long, a page is idle. */
const IDLE_AFTER_MS = 5 * 60_000;
const SPREAD = 0.1;

let touchedAt = Date.now();
for (const event of ['pointerdown', 'keydown', 'scroll', 'pointermove']) {
  addEventListener(event, () => (touchedAt = Date.now()), { passive: true, capture: true });
}

/**
 * @param idleMs since the last touch
 * @param random from 0 to 1
 * @returns milliseconds until the next question
 */
export function nextAfterMs(idleMs: number, random: number): number {
  const usual = idleMs < IDLE_AFTER_MS ? LOOKED_AT_MS : IDLE_MS;
  return Math.round(usual * (1 + SPREAD * (2 * random - 1)));
}

/** @param ask is not called again before it has ended */
export function usePolling(ask: () => Promise<void>): void {
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asking = false;
    let ended = false;
    const again = async (): Promise<void> => {
      clearTimeout(timer);
      if (asking || ended || document.hidden) return;
      asking = true;
      await latest.current();
      asking = false;
      if (ended || document.hidden) return;
      timer = setTimeout(() => void again(), nextAfterMs(Date.now() - touchedAt, Math.random()));
    };
    const onVisible = (): void => {
      if (document.hidden) clearTimeout(timer);
      else void again();
    };
    document.addEventListener('visibilitychange', onVisible);
    addEventListener('online', onVisible);
    void again();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
      removeEventListener('online', onVisible);
    };
  }, []);
}
