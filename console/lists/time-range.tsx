// Chooses the time range of a list: some time until now, or from one moment to another.

import { zone } from '../shell/preferences.ts';
import { TEXTS } from '../texts.ts';
import { fieldOfMoment, isMoment, momentOfField, RANGES } from './range-words.ts';

interface TimeRangeProps {
  readonly since: string | undefined;
  readonly until: string | undefined;
  /** What the API takes where nothing is chosen. */
  readonly usual: string;
  readonly onChange: (range: { readonly since: string; readonly until: string }) => void;
}

const OWN = 'own';

export function TimeRange({ since, until = '', usual, onChange }: TimeRangeProps) {
  const isOwn = isMoment(since) || isMoment(until);
  const chosen = isOwn ? OWN : (since ?? usual);
  const isListed = isOwn || RANGES.some(([value]) => value === chosen);
  const choose = (value: string): void => {
    const dayAgo = new Date(Date.now() - 24 * 3_600_000).toISOString();
    onChange({ since: value === OWN ? dayAgo : value === usual ? '' : value, until: '' });
  };
  return (
    <div class="range">
      <label>
        <span>Time range</span>
        <select value={chosen} onChange={({ currentTarget }) => choose(currentTarget.value)}>
          {RANGES.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
          {!isListed && <option value={chosen}>Since {chosen} ago</option>}
          <option value={OWN}>From … to …</option>
        </select>
      </label>
      {isOwn && (
        <>
          <Moment name="From" at={since} onChange={(at) => onChange({ since: at, until })} />
          <Moment name="To" at={until} onChange={(at) => onChange({ since: since ?? '', until: at })} />
          <span class="muted">{TEXTS.zones[zone.value]} time</span>
        </>
      )}
    </div>
  );
}

interface MomentProps {
  readonly name: string;
  readonly at: string | undefined;
  readonly onChange: (at: string) => void;
}

function Moment({ name, at, onChange }: MomentProps) {
  return (
    <label>
      <span>{name}</span>
      <input
        type="datetime-local"
        value={fieldOfMoment(at, zone.value)}
        onChange={({ currentTarget }) => onChange(momentOfField(currentTarget.value, zone.value))}
      />
    </label>
  );
}
