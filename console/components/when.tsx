// A moment: near ones as a distance, others in the reader's zone, with UTC beside.

import { signal } from '@preact/signals';
import { zone } from '../shell/preferences.ts';
import { writeDistance, writeMoment } from './times.ts';

const NEAR_MS = 60 * 60_000;
const TICK_MS = 10_000;

/** Now, for all that says how long ago something was. */
const now = signal(new Date());
setInterval(() => {
  if (!document.hidden) now.value = new Date();
}, TICK_MS);

interface WhenProps {
  /** As the API writes it; nothing is shown as a dash. */
  readonly at: string | undefined;
  /** `exact`: never as a distance. `both`: exact, with the distance behind it. */
  readonly form?: 'near' | 'exact' | 'both';
}

export function When({ at, form = 'near' }: WhenProps) {
  if (at === undefined) return <span class="muted">–</span>;
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return <span class="muted">–</span>;
  const exact = writeMoment(moment, zone.value);
  // Read here, so that the next tick writes it again; what has just come is newer than the last tick.
  const current = new Date(Math.max(now.value.getTime(), Date.now()));
  const distance = writeDistance(moment, current);
  const isNear = Math.abs(current.getTime() - moment.getTime()) < NEAR_MS;
  const title = `${writeMoment(moment, 'local')} · ${writeMoment(moment, 'utc')}`;
  return (
    <time dateTime={at} title={title}>
      {form === 'near' && isNear ? distance : exact}
      {form === 'both' && <span class="muted"> · {distance}</span>}
    </time>
  );
}
