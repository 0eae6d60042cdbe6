// What the page remembers of the reader's taste, in the browser: nothing about a person or a device.

import { effect, signal } from '@preact/signals';
import { MAC_FORMS, type MacForm } from '../components/mac-forms.ts';

export type Zone = 'local' | 'utc';
export type Scheme = 'system' | 'light' | 'dark';

export const zone = signal<Zone>(kept('zone', ['local', 'utc'], 'local'));
export const scheme = signal<Scheme>(kept('scheme', ['system', 'light', 'dark'], 'system'));
export const macForm = signal<MacForm>(kept('mac-form', MAC_FORMS, 'colons'));

/** Storage may be switched off in a browser: then the taste lasts as long as the page. */
function kept<T extends string>(name: string, words: readonly T[], usual: T): T {
  try {
    const word = localStorage.getItem(`console.${name}`);
    return words.find((each) => each === word) ?? usual;
  } catch {
    return usual;
  }
}

function keep(name: string, word: string): void {
  try {
    localStorage.setItem(`console.${name}`, word);
  } catch {}
}

export function keepPreferences(): void {
  effect(() => keep('zone', zone.value));
  effect(() => keep('mac-form', macForm.value));
  effect(() => {
    keep('scheme', scheme.value);
    document.documentElement.dataset['scheme'] = scheme.value;
  });
}
