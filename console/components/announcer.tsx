// The one place where the page says in passing what has happened: read out, and shown for a few seconds.

import { signal } from '@preact/signals';

const SHOWN_MS = 5_000;
const said = signal('');
let timer: ReturnType<typeof setTimeout> | undefined;

/** @param text one sentence */
export function announce(text: string): void {
  said.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    said.value = '';
  }, SHOWN_MS);
}

export function Announcer() {
  return (
    <div role="status" class={said.value === '' ? 'announcer' : 'announcer shown'}>
      {said.value}
    </div>
  );
}
