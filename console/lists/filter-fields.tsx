// Fields below the headers of a list that filter it: a text is applied when typing pauses, a choice at once.

import { useEffect, useRef, useState } from 'preact/hooks';

/** Milliseconds without a key until a text filters: a request for each letter would be wasted. */
const PAUSE_MS = 500;

interface FilterTextProps {
  /** What it filters, read out and shown while it is empty. */
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string) => void;
}

export function FilterText({ label, value = '', onChange }: FilterTextProps) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const applied = useRef(value);
  useEffect(() => {
    // Another way to set the filter, as a link or "clear", wins over what is half typed.
    if (value !== applied.current) setText(value);
    applied.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const apply = (next: string): void => {
    clearTimeout(timer.current);
    if (next.trim() === applied.current) return;
    applied.current = next.trim();
    onChange(next.trim());
  };
  return (
    <input
      type="search"
      class="filter"
      aria-label={label}
      title={label}
      placeholder={label}
      autoComplete="off"
      spellcheck={false}
      maxLength={253}
      value={text}
      onInput={({ currentTarget }) => {
        setText(currentTarget.value);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => apply(currentTarget.value), PAUSE_MS);
      }}
      onKeyDown={({ key, currentTarget }) => {
        if (key === 'Enter') apply(currentTarget.value);
      }}
      onBlur={({ currentTarget }) => apply(currentTarget.value)}
    />
  );
}

interface FilterChoiceProps {
  readonly label: string;
  readonly value: string | undefined;
  /** Value and word; the first choice is always "all". */
  readonly choices: readonly (readonly [string, string])[];
  readonly onChange: (value: string) => void;
}

export function FilterChoice({ label, value = '', choices, onChange }: FilterChoiceProps) {
  // A link may hold a value that a newer version knows.
  const isKnown = value === '' || choices.some(([choice]) => choice === value);
  return (
    <select
      class="filter"
      aria-label={label}
      title={label}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    >
      <option value="">{label}: all</option>
      {choices.map(([choice, word]) => (
        <option key={choice} value={choice}>
          {word}
        </option>
      ))}
      {!isKnown && <option value={value}>{value}</option>}
    </select>
  );
}
