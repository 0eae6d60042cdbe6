// Small frames that pages are put together from: a titled part, a list of fields, a figure, a note.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { StatusKind } from './status.tsx';

interface SectionProps {
  readonly title: string;
  /** Beside the title. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Section({ title, aside, children }: SectionProps) {
  const id = useId();
  return (
    <section class="section" aria-labelledby={id}>
      <div class="section-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** @param fields pairs of name and value; a value that is undefined is left out */
export function Fields({ fields }: { readonly fields: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="fields">
      {fields
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

interface FigureProps {
  readonly label: string;
  readonly value: ComponentChildren;
  /** Small print below. */
  readonly note?: ComponentChildren;
  readonly kind?: StatusKind;
}

export function Figure({ label, value, note, kind = 'none' }: FigureProps) {
  return (
    <div class={`figure ${kind}`}>
      <dt>{label}</dt>
      <dd>
        <span class="figure-value">{value}</span>
        {note !== undefined && <span class="figure-note">{note}</span>}
      </dd>
    </div>
  );
}

export function Figures({ children }: { readonly children: ComponentChildren }) {
  return <dl class="figures">{children}</dl>;
}

interface NoticeProps {
  readonly kind: StatusKind;
  /** Read out at once: for what cannot wait. */
  readonly alarm?: boolean;
  readonly children: ComponentChildren;
}

export function Notice({ kind, alarm = false, children }: NoticeProps) {
  return (
    <div class={`notice ${kind}`} {...(alarm && { role: 'alert' })}>
      {children}
    </div>
  );
}
