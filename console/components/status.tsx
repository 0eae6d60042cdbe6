// A status by word, shape and colour: never by colour alone.

import type { ComponentChildren } from 'preact';

export type StatusKind = 'good' | 'warn' | 'bad' | 'held' | 'info' | 'none';

const SHAPES: Readonly<Record<StatusKind, string>> = {
  good: '●',
  warn: '▲',
  bad: '■',
  held: '◌',
  info: '◆',
  none: '○',
};

interface StatusProps {
  readonly kind: StatusKind;
  /** The word. */
  readonly children: ComponentChildren;
  readonly title?: string;
}

export function Status({ kind, children, title }: StatusProps) {
  return (
    <span class={`status ${kind}`} title={title}>
      <span aria-hidden="true" class="shape">
        {SHAPES[kind]}
      </span>
      {children}
    </span>
  );
}
